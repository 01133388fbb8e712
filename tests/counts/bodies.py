# SPDX-License-Identifier: Apache-2.0
"""What the judgement of a body costs: time, instructions, memory, and how they grow with the body.

Bodies are of two kinds: real ones, made from recorded requests, and hostile ones, which spend as
much as their size and the pre-scan allow. Most of the latter are refused in the end, which is no
matter: what is measured comes before.
"""
import concurrent.futures
import json
import os
import statistics

from place import HERE, Counted, Daemon, Failure, count_instructions, difference, read_until

KIB, MIB = 1024, 1024 * 1024
RECORDED = os.path.join(HERE, "..", "data", "recorded-requests.jsonl")
BODY_BYTES = 5 * KIB        # the real body whose judgement is timed
ROUNDS, ROUND_REQUESTS, TRIES = 15, 100, 5
VALGRIND_SHORT, VALGRIND_LONG = 20, 120
VALUES_MAX, MEMBERS_MAX, DEPTH_MAX, KEY_MAX, STRING_MAX = 16384, 4096, 32, 4 * KIB, 256 * KIB   # docker/body.c
JUDGED_BODY = 1 * MIB       # policy/limits.h
WORDS = 100                 # of each key of the policy against which growing bodies are judged
REQUEST_BYTES = 2 * KIB     # of heap for a request whatever its body: its head, its record
GROWTH = ((64 * KIB, 8 * MIB), (4 * KIB, 64 * KIB))   # of a shape's long and short entries

LIMIT_JUDGE_US = 150        # CPU time of judging a real body, beyond that of passing it on
LIMIT_JUDGE_INSTRUCTIONS = 1000000   # of judging that body; it took 758 000
LIMIT_REAL_RATIO = 20       # bytes of heap for each byte of a real body
LIMIT_WORST_MIB = 6         # heap for any body of the size that is judged by default
LIMIT_KEPT_KIB = 256        # what the daemon may have grown by when large bodies are done
LIMIT_GROWTH = 2            # instructions a byte, large by small

CONFIG = """[policy]
accept-writable-roots = yes
[allow]
EVENTS = read
endpoints = container.create
[container.create]
images = docker.io/library/* docker.io/openpalm/**
bind-mounts = /srv/app /srv/data:ro
volumes = op_* o1_* sb_*
networks = op_* o1_* default
ports = 127.0.0.1:8100-8199
users = any
tmpfs = yes
restart-policies = no unless-stopped
log-drivers = json-file
extra-hosts = any
deny-labels = traefik.* com.example.admin.*
[audit]
log = denied
[limits]
idle-exit = 0
connections-per-peer = 4096
"""
UNJUDGED = CONFIG[:CONFIG.index("[container.create]")] + "[container.create]\njudge = no\n" + CONFIG[CONFIG.index("[audit]"):]
ROOMY = CONFIG + "judged-body = 8M\njudged-bytes = 16M\n"


def recorded(client=""):
    """The recorded bodies of container.create."""
    with open(RECORDED, encoding="utf-8") as file:
        requests = [json.loads(line) for line in file]
    return [r["body"].encode() for r in requests if r["method"] == "POST" and client in r["client"]
            and r["target"].split("?")[0].endswith("/containers/create") and r["body"]]


def real(size, entry=60):
    """A recorded create of Compose with more variables and labels, of so many bytes."""
    body = json.loads(recorded("compose 2.26 up")[0])
    body["Env"] = list(body["Env"])
    compact = {"separators": (",", ":")}
    n = 0
    left = size - len(json.dumps(body, **compact))
    while left > 3 * entry:
        if n % 3 == 2 and n < MEMBERS_MAX:
            key, value = f"org.example.label-{n}", "v" * (entry - 30)
            body["Labels"][key] = value
            left -= len(key) + len(value) + 6
        else:
            text = f"VARIABLE_{n}=".ljust(entry, "x")
            body["Env"].append(text)
            left -= len(text) + 3
        n += 1
    body["Env"].append("y" * (left - 3))
    result = json.dumps(body, **compact).encode()
    assert len(result) == size
    return result


def request(body, is_chunked=False):
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    head = ("POST /v1.41/containers/create?name=op-web-1 HTTP/1.1\r\nHost: docker\r\nUser-Agent: sockgate-bench\r\n"
            f"Content-Type: application/json\r\n{framing}\r\n\r\n").encode()
    return head + (b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if is_chunked else body)


def ask(client, message):
    """The answer's status and body; it is whole."""
    client.sendall(message)
    head, rest = read_until(client, b"", b"\r\n\r\n").split(b"\r\n\r\n", 1)
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(rest) < length:
        more = client.recv(65536)
        if not more:
            raise Failure(f"the answer is cut: {head!r}")
        rest += more
    return int(head.split(b" ")[1]), rest


def create(client, message):
    status, text = ask(client, message)
    if status != 201:
        raise Failure(f"a real body is refused: {text.decode(errors='replace').strip()}")


def cpu_ns(daemon):
    with open(f"/proc/{daemon.process.pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0])


def cpu_us(daemon, client, message):
    before = cpu_ns(daemon)
    for _ in range(ROUND_REQUESTS):
        create(client, message)
    return (cpu_ns(daemon) - before) / ROUND_REQUESTS / 1000


def measure_time(place):
    message = request(real(BODY_BYTES))
    daemons = [Daemon(place, config=config) for config in (UNJUDGED, CONFIG)]
    clients = [daemon.connect() for daemon in daemons]

    def once():
        times = ([], [])
        for n in range(ROUNDS):
            for i in (0, 1) if n % 2 else (1, 0):
                times[i].append(cpu_us(daemons[i], clients[i], message))
        unjudged, judged = statistics.median(times[0]), statistics.median(times[1])
        print(f"   {BODY_BYTES} bytes: passed on {unjudged:.0f} us, judged {judged:.0f} us")
        return judged - unjudged

    best = once()
    for _ in range(TRIES - 1):
        if best > LIMIT_JUDGE_US:
            best = min(best, once())
    for client, daemon in zip(clients, daemons):
        client.close()
        daemon.stop()
    return best


def creates(n_requests, body):
    def work(daemon):
        with daemon.connect() as client:
            for _ in range(n_requests):
                create(client, request(body))
    return work


def measure_instructions(place):
    body = real(BODY_BYTES)

    def each(config):
        return difference(lambda n: count_instructions(place, creates(n, body), config), VALGRIND_SHORT, VALGRIND_LONG)
    judged, unjudged = each(CONFIG), each(UNJUDGED)
    print(f"   {BODY_BYTES} bytes: passed on {unjudged:.0f}, judged {judged:.0f}")
    return judged - unjudged


# ---- memory

def filled(size, entry, opening, closing, n_max=VALUES_MAX - 16):
    """opening, comma-separated entries up to the size or so many, closing. entry(i) gives one."""
    parts, left = [], size - len(opening) - len(closing)
    for i in range(n_max):
        text = entry(i)
        left -= len(text) + 1
        if left < 0:
            break
        parts.append(text)
    return f"{opening}{','.join(parts)}{closing}".encode()


def of_members(size):
    """Objects of as many members as are allowed, each with a key as long as fits."""
    n = VALUES_MAX - 16
    key = max(1, size // n - 16)
    objects = [",".join(f'"{i:06d}{"k" * (key - 6)}":""' for i in range(MEMBERS_MAX)) for _ in range(n // MEMBERS_MAX)]
    return filled(size, lambda i: f'"{i}":{{{objects[i]}}}', "{", "}", len(objects))


def of_long(size, piece, value):
    """Strings of the greatest length, of that piece of text which stands for so many bytes."""
    text = '"' + piece * (STRING_MAX // value) + '"'
    return filled(size, lambda i: text, '{"Env":[', "]}")


def nested(size):
    """As deep as is allowed, again and again."""
    chain = '{"":' * (DEPTH_MAX - 3) + "0" + "}" * (DEPTH_MAX - 3)
    return filled(size, lambda i: chain, '{"":[', "]}", (VALUES_MAX - 16) // (DEPTH_MAX - 2))


def padded(body, size):
    """With strings up to the size: values alone do not take all of it."""
    opening = ',"z":['
    left = size - len(body) - len(opening) - 1
    strings = []
    while left > 3:
        strings.append('"' + "x" * min(STRING_MAX, left - 3) + '"')
        left -= len(strings[-1]) + 1
    return body[:-1] + f"{opening}{','.join(strings)}]}}".encode() if strings else body


HEAVY = {
    "small integers": lambda size: filled(size, lambda i: "7", '{"a":[', "]}"),
    "empty lists": lambda size: filled(size, lambda i: "[]", '{"a":[', "]}"),
    "empty objects": lambda size: filled(size, lambda i: "{}", '{"a":[', "]}"),
    "objects of one member": lambda size: filled(size, lambda i: '{"":0}', '{"a":[', "]}", VALUES_MAX // 2 - 8),
    "nested objects": nested,
    "short strings": lambda size: filled(size, lambda i: '"a"', '{"a":[', "]}"),
    "equal strings": lambda size: filled(size, lambda i: f'"{"x" * 55}"', '{"Env":[', "]}"),
    "members": of_members,
    "maps in a map": lambda size: filled(size, lambda i: f'"k{i}":{{"":{{}}}}', '{"Labels":{', "}}", MEMBERS_MAX),
    "long strings": lambda size: of_long(size, "x", 1),
    "long strings of escapes": lambda size: of_long(size, "\\n", 1),
    "long strings of surrogates": lambda size: of_long(size, "\\ud83d\\ude00", 4),
    "a real shape": lambda size: real(size, 200),
}


def heap_peak(place, counted, client, message):
    """The most that the heap grew by while this was judged. Records of refusals must not queue up."""
    place.drain_journal()
    held = counted.forget_peak()
    ask(client, message)
    return counted.peak() - held


def measure_real_memory(place):
    """The worst of the recorded creates and one of 1 MiB, as a ratio, beyond what any request takes."""
    counted = Counted(place, CONFIG)
    worst = 0
    with counted.daemon.connect() as client:
        create(client, request(real(BODY_BYTES)))
        for body in (*recorded(), real(BODY_BYTES), real(JUDGED_BODY, 200)):
            ratio = (heap_peak(place, counted, client, request(body)) - REQUEST_BYTES) / len(body)
            worst = max(worst, ratio)
            if len(body) >= BODY_BYTES:
                print(f"   {len(body)} bytes: {ratio:.1f} times as much")
    counted.stop()
    return worst


def measure_worst_memory(place):
    counted = Counted(place, CONFIG)
    worst = 0
    for name, shape in HEAVY.items():
        body = shape(JUDGED_BODY)
        peaks = []
        full = padded(body, JUDGED_BODY)
        for message in (request(body), request(full), request(full, is_chunked=True)):
            with counted.daemon.connect() as client:
                peaks.append(heap_peak(place, counted, client, message) / MIB)
        print(f"   {name}: {len(body)} bytes, {peaks[0]:.2f} MiB; filled up {peaks[1]:.2f}, in chunks {peaks[2]:.2f}")
        worst = max(worst, *peaks)
    counted.stop()
    return worst


def measure_kept_memory(place):
    """After large bodies, allowed and refused, each on a connection of its own and on one."""
    daemon = Daemon(place, config=ROOMY)
    bodies = [real(JUDGED_BODY, 200), real(8 * MIB - KIB, 2000)]
    bodies += [HEAVY[name](JUDGED_BODY) for name in ("members", "nested objects")]
    with daemon.connect() as client:
        create(client, request(real(BODY_BYTES)))
        before = daemon.memory_kib("Anonymous")
        for body in bodies:
            for is_chunked in (False, True):
                ask(client, request(body, is_chunked))
                with daemon.connect() as other:
                    ask(other, request(body, is_chunked))
        create(client, request(real(BODY_BYTES)))
        after = daemon.memory_kib("Anonymous")
    daemon.stop()
    print(f"   {before} KiB before, {after} after")
    return max(0, after - before)


# ---- growth

def many_words():
    """A policy that has many words for whatever a body may name; those that match come last."""
    config = ROOMY.replace("tmpfs = yes", "tmpfs = yes\nanonymous-volumes = yes")
    for key, template in (("images", "docker.io/team{}/*"), ("bind-mounts", "/srv/team-{}"), ("volumes", "team{}_*"),
                          ("networks", "team{}_*"), ("ports", "127.0.0.1:{}"), ("deny-labels", "org.team{}.*")):
        lines = [f"{key} = {template.format(20000 + i)}" for i in range(WORDS)]
        at = config.index(f"{key} = ")
        config = config[:at] + "\n".join(lines) + "\n" + config[at:]
    return config


def text(n):
    return "x" * n


def with_member(size, member, entry, brackets="[]", n_max=MEMBERS_MAX):
    """A create whose one member holds entries up to the size."""
    closing = brackets[1] + ("}" if member.startswith("HostConfig.") else "") + "}"
    opening = '{"Image":"alpine","' + member.replace(".", '":{"') + '":' + brackets[0]
    return filled(size, entry, opening, closing, n_max)


def volumes_beside_binds(size):
    """Each of the former is looked for among the latter."""
    volumes = with_member(size // 2, "Volumes", lambda i: f'"/a{i:05d}":{{}}', "{}")
    binds = with_member(size // 2, "HostConfig.Binds", lambda i: f'"/srv/app:/b{i:05d}"', n_max=250)
    return volumes[:-1] + binds.replace(b'{"Image":"alpine"', b"")


def keys_that_fold(size):
    """Unknown keys which are one to Go: in ever other cases, then again."""
    def key(i):
        return '"' + "".join(c.upper() if i >> k & 1 else c for k, c in enumerate("privileged--")) + '":0'
    return filled(size, key, "{", "}", MEMBERS_MAX)


# How they grow: by the length of their entries, of which there are so many, or by their number.
LONG = {
    "Env": lambda size: with_member(size, "Env", lambda i: f'"V{i}={text(size // 4000 - 16)}"'),
    "Env of escapes": lambda size: with_member(size, "Env", lambda i: '"V=' + "\\n" * (size // 8000 - 8) + '"'),
    "Env of surrogates": lambda size: with_member(
        size, "Env", lambda i: '"V=' + "\\ud83d\\ude00" * max(1, size // 48000 - 1) + '"'),
    "Labels": lambda size: with_member(
        size, "Labels", lambda i: f'"{i}{text(size // 8000)}":"{text(size // 8000 - 8)}"', "{}"),
    "Binds": lambda size: with_member(
        size, "HostConfig.Binds", lambda i: f'"/srv/app/{text(size // 500)}:/{i}{text(size // 600)}"'),
    "a real create": lambda size: real(size, max(40, size // 4000)),
    "refused by the pre-scan": lambda size: with_member(size, "Env", lambda i: "[]", n_max=size),
}
SHORT = {
    "Env": lambda size: with_member(size, "Env", lambda i: f'"V{i}=xxxx"'),
    "Labels": lambda size: with_member(size, "Labels", lambda i: f'"org.example.l{i}":""', "{}"),
    "Binds": lambda size: with_member(size, "HostConfig.Binds", lambda i: f'"/srv/app/{i}:/{i}"'),
    "Volumes": lambda size: with_member(size, "Volumes", lambda i: f'"/v{i}":{{}}', "{}"),
    "Volumes beside Binds": volumes_beside_binds,
    "ExposedPorts": lambda size: with_member(size, "ExposedPorts", lambda i: f'"{i + 1}/tcp":{{}}', "{}"),
    "PortBindings": lambda size: with_member(
        size, "HostConfig.PortBindings", lambda i: f'"{i + 1}/tcp":[{{"HostIp":"127.0.0.1","HostPort":"8100"}}]', "{}"),
    "PortBindings of ranges": lambda size: with_member(
        size, "HostConfig.PortBindings",
        lambda i: f'"{i + 1}/tcp":[{{"HostIp":"127.0.0.1","HostPort":"20000-20099"}}]', "{}"),
    "Mounts": lambda size: with_member(
        size, "HostConfig.Mounts", lambda i: f'{{"Type":"volume","Source":"op_{i}","Target":"/{i}"}}'),
    "ExtraHosts": lambda size: with_member(size, "HostConfig.ExtraHosts", lambda i: f'"h{i}:10.0.0.1"'),
    "Ulimits": lambda size: with_member(size, "HostConfig.Ulimits", lambda i: '{"Name":"nofile","Soft":1,"Hard":1}'),
    "unknown members": lambda size: filled(size, lambda i: f'"k{i}":0', "{", "}", MEMBERS_MAX),
    "keys that fold into one": keys_that_fold,
    "keys of one length": lambda size: filled(
        size, lambda i: f'"{i:016d}":""', '{"Image":"alpine","Labels":{', "}}", MEMBERS_MAX),
    "deep lists": lambda size: filled(size, lambda i: "[" * 28 + "]" * 28, '{"Image":"alpine","a":[', "]}", VALUES_MAX // 28 - 1),
}


def instructions_per_byte(place, shapes, sizes):
    """Of each shape and size: the same daemon's life without a request falls out."""
    config = many_words()
    idle = count_instructions(place, lambda daemon: None, config)

    def per_byte(shape, size):
        body = shape(size)

        def work(daemon):
            with daemon.connect() as client:
                ask(client, request(body))
        return (count_instructions(place, work, config) - idle) / len(body)

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        futures = {name: [pool.submit(per_byte, shape, size) for size in sizes] for name, shape in shapes.items()}
        return {name: [future.result() for future in of_shape] for name, of_shape in futures.items()}


def measure_growth(shapes, sizes):
    def function(place):
        worst = 0
        for name, (small, large) in instructions_per_byte(place, shapes, sizes).items():
            print(f"   {name}: {small:.0f} a byte at {sizes[0] // KIB} KiB, {large:.0f} at {sizes[1] // KIB}, "
                  f"{large / small:.2f} times")
            worst = max(worst, large / small)
        return worst
    return function


MEASURES = [
    ("cpu_time_of_judging_a_create_of_5_kib", measure_time, LIMIT_JUDGE_US, " us"),
    ("user_instructions_of_judging_a_create_of_5_kib", measure_instructions, LIMIT_JUDGE_INSTRUCTIONS, ""),
    ("heap_for_a_real_create", measure_real_memory, LIMIT_REAL_RATIO, " times the body"),
    ("heap_for_the_worst_body", measure_worst_memory, LIMIT_WORST_MIB, " MiB"),
    ("memory_kept_after_large_bodies", measure_kept_memory, LIMIT_KEPT_KIB, " KiB"),
    ("instructions_per_byte_of_longer_bodies", measure_growth(LONG, GROWTH[0]), LIMIT_GROWTH, " times"),
    ("instructions_per_byte_of_more_entries", measure_growth(SHORT, GROWTH[1]), LIMIT_GROWTH, " times"),
]
