# SPDX-License-Identifier: Apache-2.0
"""Clients of the real engine: long bodies both ways, and two streams of the same events side by side."""
import http.client
import json
import os
import select
import subprocess
import time

from subjects import Failure, ask, connect

TIMEOUT = 60
LIFE_TIMEOUT = 20       # of a container that does nothing
SMALL, LARGE = 32 * 1024, 256 * 1024      # a chunk as Go's client sends it; a piece of a body of known length
EVENTS = b"GET /v1.41/events?filters=%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%7D HTTP/1.1\r\nHost: docker\r\n\r\n"
ENDS = {"destroy"}


def open_http(address, blocksize=LARGE):
    client = http.client.HTTPConnection("docker", blocksize=blocksize)
    client.sock = connect(address, TIMEOUT)
    return client


def finish(client, what):
    """The whole answer, which must be a good one."""
    answer = client.getresponse()
    body = answer.read()
    if answer.status != 200 or b'"error"' in body:
        raise Failure(f"{what}: {answer.status} {body[-200:]!r}")
    return body


def load_image(address, path, is_chunked):
    """Uploads the archive; {"bytes", "seconds", "gb_per_s"} until the engine has loaded it."""
    size = os.path.getsize(path)
    headers = {"Content-Type": "application/x-tar", **({} if is_chunked else {"Content-Length": str(size)})}
    start = time.monotonic()
    client = open_http(address, SMALL if is_chunked else LARGE)
    try:
        with open(path, "rb") as file:
            client.request("POST", "/v1.41/images/load?quiet=1", file, headers, encode_chunked=is_chunked)
        finish(client, "load")
    finally:
        client.close()
    return speed(size, time.monotonic() - start)


def export(address, name, expected=None):
    """Downloads the files of a container and forgets them."""
    room, size = bytearray(LARGE), 0
    start = time.monotonic()
    client = open_http(address)
    try:
        client.request("GET", f"/v1.41/containers/{name}/export")
        answer = client.getresponse()
        if answer.status != 200:
            raise Failure(f"export: {answer.status} {answer.read()[-200:]!r}")
        while n := answer.readinto(room):
            size += n
    finally:
        client.close()
    if expected not in (None, size):
        raise Failure(f"export: {size} bytes instead of {expected}")
    return speed(size, time.monotonic() - start)


def speed(size, seconds):
    return {"bytes": size, "seconds": seconds, "gb_per_s": size / seconds / 1e9}


class Stream:
    """A stream of events: when each arrived, by what makes it the same in another stream."""

    def __init__(self, address):
        self.socket = connect(address, TIMEOUT)
        self.arrived = {}
        self.lines = b""
        try:
            head, _, self.raw = ask(self.socket, EVENTS).partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 ") or b"chunked" not in head:
                raise Failure(f"events: {head[:100]!r}")
        except BaseException:
            self.close()
            raise

    def receive(self, now):
        more = self.socket.recv(65536)
        if not more:
            raise Failure("the stream of events ended")
        self.raw += more
        for chunk in self.chunks():
            self.lines += chunk
        *whole, self.lines = self.lines.split(b"\n")
        for event in map(json.loads, whole):
            self.arrived[event["Actor"]["ID"], event["Action"], event["timeNano"]] = now

    def chunks(self):
        while b"\r\n" in self.raw:
            size, _, rest = self.raw.partition(b"\r\n")
            n = int(size, 16)
            if len(rest) < n + 2:
                return
            self.raw = rest[n + 2:]
            yield rest[:n]

    def has_ended(self):
        return any(action in ENDS for _, action, _ in self.arrived)

    def close(self):
        self.socket.close()


def follow(streams, deadline):
    """Reads until each has seen the end of the container: always the one that became readable first."""
    with select.epoll() as poll:
        by_fd = {stream.socket.fileno(): stream for stream in streams}
        for fd in by_fd:
            poll.register(fd, select.EPOLLIN)
        while not all(stream.has_ended() for stream in streams):
            ready = poll.poll(max(0, deadline - time.monotonic()), 1)
            now = time.monotonic()
            if not ready:
                raise Failure("the end of the container was not told")
            by_fd[ready[0][0]].receive(now)


def watch(process, streams):
    """Until both told the end of its container; its own words, when they do not."""
    try:
        follow(streams, time.monotonic() + LIFE_TIMEOUT)
    except Failure as error:
        process.kill()
        said = process.stderr.read().decode(errors="replace").strip()
        raise Failure(f"docker run: {error}: {said[-300:]}") from error
    finally:
        process.kill()


def life(address, engine_path):
    """The life of one container, told by the engine itself and by the subject: how much later, for each event."""
    run = ["docker", "-H", f"unix://{engine_path}", "run", "--rm", "bb", "true"]
    direct = Stream(f"unix:{engine_path}")
    try:
        other = Stream(address)
        try:
            with subprocess.Popen(run, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
                watch(process, (direct, other))
        finally:
            other.close()
    finally:
        direct.close()
    if set(direct.arrived) != set(other.arrived):
        raise Failure(f"other events: {sorted(set(direct.arrived) ^ set(other.arrived))}")
    return sorted((other.arrived[key] - when) * 1e3 for key, when in direct.arrived.items())
