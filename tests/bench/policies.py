# SPDX-License-Identifier: Apache-2.0
"""Policies of any number of rules, and for each a request that the last rule decides, or none.

Requests whose words are looked for in vain are refused; what is found passes. A rule is a word of a
list, on a line of its own.
"""
import json

CREATE = "/v1.41/containers/create"


def words(key, pattern, n):
    return "".join(f"{key} = {pattern % i}\n" for i in range(n))


def get(path, host="docker"):
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def create(image, bind, network):
    body = json.dumps({"Image": image, "HostConfig": {"Binds": [bind], "NetworkMode": network}}).encode()
    head = f"POST {CREATE} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Kind:
    """A list of the policy that grows. request makes the request of the number of the last word."""

    def __init__(self, name, status, request, sections):
        self.name = name
        self.status = status
        self.request = request
        self.sections = sections

    def policy(self, n):
        """Lines that go before and after those of the policy of the bench."""
        return self.sections(n)


def create_words(n):
    return ("[policy]\naccept-writable-roots = yes\n[container.create]\n" + words("images", "docker.io/library/image-%05d", n)
            + words("bind-mounts", "/srv/bench/data-%05d", n) + words("networks", "net-%05d", n))


def scope_words(n):
    return "[scope]\n" + words("containers", "web-%05d", n)


def address_words(n):
    others = "".join(f"addresses = 10.{i // 256}.{i % 256}.1\n" for i in range(n - 1))
    return f"[peers]\n{others}addresses = 127.0.0.1\n"


KINDS = (
    Kind("[allow] endpoints", 200, lambda last: get("/_ping"),
         lambda n: "[allow]\n" + "endpoints = container.logs\n" * n),
    Kind("[peers] addresses", 200, lambda last: get("/_ping"), address_words),
    Kind("[peers] hosts", 200, lambda last: get("/_ping", f"host-{last:05d}"),
         lambda n: "[peers]\n" + words("hosts", "host-%05d", n)),
    Kind("[scope] containers", 404, lambda last: get(f"/v1.41/containers/web-{last:05d}/json"), scope_words),
    Kind("[scope], none fits", 403, lambda last: get("/v1.41/containers/web-none/json"), scope_words),
    Kind("[container.create] three lists", 201, lambda last: create(
        f"image-{last:05d}", f"/srv/bench/data-{last:05d}:/data", f"net-{last:05d}"), create_words),
    Kind("[container.create], no image fits", 403, lambda last: create(
        "image-none", f"/srv/bench/data-{last:05d}:/data", f"net-{last:05d}"), create_words),
)
