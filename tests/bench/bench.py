#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what a request through sockgated costs and holds it against the limits: bench.py DAEMON PRELOAD.

Instructions, system calls, allocations and memory do not depend on how busy the machine is; the
one time measured is a difference of medians of interleaved pairs, and the best of three tries counts.
The daemon is a release build, audit log = denied, one connection over AF_UNIX unless said.
"""
import os
import re
import resource
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT = 120               # for whatever must happen at all, in seconds: the machine may be loaded
VALGRIND_SHORT, VALGRIND_LONG = 500, 2500
STRACE_SHORT, STRACE_LONG = 200, 1200
WARM_UP = 500               # requests until the daemon's buffers have their size
ALLOCATION_REQUESTS = 2000
STREAMS_BEFORE, STREAMS = 100, 1000
LISTEN_FD = 3               # where sd_listen_fds() begins
PAIRS = 41
TRIES = 3

LIMIT_INSTRUCTIONS = 12000  # a kept request
LIMIT_SYSTEM_CALLS = 8      # a kept request
LIMIT_ALLOCATIONS = 1       # a kept request
LIMIT_STREAM_BYTES = 1536   # user memory of an idle stream
LIMIT_PSS_KIB = 1536        # at start
LIMIT_EVENT_MS = 1          # first event, through minus direct

PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nUser-Agent: sockgate-bench\r\n\r\n"
EVENTS = b"GET /events HTTP/1.1\r\nHost: docker\r\nUser-Agent: sockgate-bench\r\n\r\n"
CONFIG = """[allow]
EVENTS = read
[audit]
log = denied
[limits]
idle-exit = 0
connections-per-peer = 4096
"""


class Failure(Exception):
    pass


class Place:
    """The temporary folder with the engine, the configuration and a journal nobody reads much of."""

    def __init__(self, folder):
        self.folder = folder
        self.engine_path = self.path("engine.sock")
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journal.bind(self.path("journal.sock"))
        self.n_daemons = 0
        with open(self.path("bench.conf"), "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.engine = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "engine.py"), self.engine_path, self.path("control.sock")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if self.engine.stdout.readline() != b"ready\n":
            raise Failure("the engine does not start")
        self.control.connect(self.path("control.sock"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def close(self):
        self.engine.kill()
        self.engine.wait()


class Daemon:
    """One running sockgated, under a tool if one is named. Ready when the constructor returns."""

    def __init__(self, place, tool=(), env=None):
        place.n_daemons += 1
        self.socket_path = place.path(f"gate-{place.n_daemons}.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.socket_path)
        listener.listen(1024)
        notify_path = place.path(f"notify-{place.n_daemons}.sock")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(notify_path)
        # A shell in between: LISTEN_PID must be the id of what becomes the daemon, under strace too.
        command = [*tool, "/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *Daemon.command,
                   f"--config={place.path('bench.conf')}", f"--upstream={place.engine_path}",
                   f"--journal={place.path('journal.sock')}"]
        self.log = tempfile.TemporaryFile(dir=place.folder)
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, pass_fds=[LISTEN_FD],
            env={**os.environ, "LISTEN_FDS": "1", "NOTIFY_SOCKET": notify_path, **(env or {})},
            preexec_fn=lambda: os.dup2(listener.fileno(), LISTEN_FD))
        listener.close()
        self.wait_ready(notify)
        notify.close()

    def wait_ready(self, notify):
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if select.select([notify], [], [], 0.2)[0] and b"READY=1" in notify.recv(4096).split(b"\n"):
                return
            if self.process.poll() is not None:
                break
        self.fail("the daemon does not become ready")

    def fail(self, why):
        self.process.kill()
        self.process.wait()
        self.log.seek(0)
        raise Failure(f"{why}: {self.log.read().decode(errors='replace').strip()[-500:]}")

    def connect(self):
        return connect(self.socket_path)

    def memory_kib(self, field):
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="ascii") as file:
            return int(re.search(rf"^{field}:\s+(\d+) kB$", file.read(), re.M).group(1))

    def stop(self, tool_child=False):
        """By SIGTERM, to the daemon itself when the tool is its parent."""
        pid = self.process.pid
        if tool_child:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                pid = int(file.read().split()[0])
        os.kill(pid, signal.SIGTERM)
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.fail("the daemon does not end")
        if status != 0:
            self.fail(f"the daemon ended with {status}")


def connect(path):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(TIMEOUT)
    client.connect(path)
    return client


def read_until(client, data, end):
    while end not in data:
        more = client.recv(65536)
        if not more:
            raise Failure(f"the connection ended after {data[-200:]!r}")
        data += more
    return data


def ping(client, n_requests):
    for _ in range(n_requests):
        client.sendall(PING)
        answer = read_until(client, b"", b"\r\n\r\nOK")
        if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(b"\r\n\r\nOK"):
            raise Failure(f"not the answer to a ping: {answer[:200]!r}")


def open_stream(path):
    client = connect(path)
    client.sendall(EVENTS)
    head = read_until(client, b"", b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise Failure(f"no stream: {head[:200]!r}")
    return client


def difference(count, short, long):
    """What one request more costs: everything that is not a request falls out."""
    return (count(long) - count(short)) / (long - short)


def measure_instructions(place):
    def count(n_requests):
        out = place.path(f"callgrind-{n_requests}")
        daemon = Daemon(place, ["valgrind", "--tool=callgrind", "-q", "--trace-children=yes",
                                f"--callgrind-out-file={out}.%p"])
        with daemon.connect() as client:
            ping(client, n_requests)
        daemon.stop()
        with open(f"{out}.{daemon.process.pid}", encoding="utf-8") as file:
            return int(re.search(r"^totals: (\d+)", file.read(), re.M).group(1))
    return difference(count, VALGRIND_SHORT, VALGRIND_LONG)


def measure_system_calls(place):
    calls = {}

    def count(n_requests):
        out = place.path(f"strace-{n_requests}")
        daemon = Daemon(place, ["strace", "-f", "-qq", "-e", "signal=none", "-o", out])
        with daemon.connect() as client:
            ping(client, n_requests)
        daemon.stop(tool_child=True)
        with open(out, encoding="utf-8", errors="replace") as file:
            names = re.findall(r"^\d+ +(\w+)\(", file.read(), re.M)
        for name in set(names):
            calls.setdefault(name, {})[n_requests] = names.count(name)
        return len(names)

    result = difference(count, STRACE_SHORT, STRACE_LONG)
    for name, counts in sorted(calls.items()):
        each = (counts.get(STRACE_LONG, 0) - counts.get(STRACE_SHORT, 0)) / (STRACE_LONG - STRACE_SHORT)
        if each >= 0.01:
            print(f"   {name}: {each:.2f}")
    return result


def measure_allocations(place):
    path = place.path("allocations")
    with open(path, "wb") as file:
        file.write(bytes(8))

    def read():
        with open(path, "rb") as file:
            return struct.unpack("=Q", file.read())[0]

    daemon = Daemon(place, env={"LD_PRELOAD": Daemon.preload, "SOCKGATE_ALLOCATIONS": path})
    with daemon.connect() as client:
        ping(client, WARM_UP)
        before = read()
        ping(client, ALLOCATION_REQUESTS)
        after = read()
    daemon.stop()
    if before == 0:
        raise Failure("nothing was counted at start: the counter is not loaded")
    return (after - before) / ALLOCATION_REQUESTS


def measure_stream_bytes(place):
    daemon = Daemon(place)
    streams = [open_stream(daemon.socket_path) for _ in range(STREAMS_BEFORE)]
    before = daemon.memory_kib("Anonymous")
    streams += [open_stream(daemon.socket_path) for _ in range(STREAMS)]
    after = daemon.memory_kib("Anonymous")
    place.control.send(b"event")
    for stream in streams:      # each of them is alive
        read_until(stream, b"", b"}\r\n")
        stream.close()
    daemon.stop()
    return (after - before) * 1024 / STREAMS


def measure_pss(place):
    """With two others running, as instances do: what they share counts in part only."""
    def once():
        daemons = [Daemon(place) for _ in range(3)]
        pss = daemons[-1].memory_kib("Pss")
        for daemon in daemons:
            daemon.stop()
        return pss
    return min(once() for _ in range(TRIES))


def event_delay(place, path):
    """Milliseconds from the wish for an event to its arrival on a fresh stream."""
    with open_stream(path) as stream:
        start = time.perf_counter()
        place.control.send(b"event")
        read_until(stream, b"", b"}\r\n")
        return (time.perf_counter() - start) * 1000


def measure_event(place):
    daemon = Daemon(place)

    def once():
        direct, through = [], []
        for n in range(PAIRS):
            pair = [(direct, place.engine_path), (through, daemon.socket_path)]
            for delays, path in pair if n % 2 else reversed(pair):
                delays.append(event_delay(place, path))
        print(f"   direct {statistics.median(direct):.3f} ms, through {statistics.median(through):.3f} ms")
        return statistics.median(through) - statistics.median(direct)

    best = once()
    for _ in range(TRIES - 1):
        if best > LIMIT_EVENT_MS:
            best = min(best, once())
    daemon.stop()
    return best


MEASURES = [
    ("user_instructions_per_kept_request", measure_instructions, LIMIT_INSTRUCTIONS, ""),
    ("system_calls_per_kept_request", measure_system_calls, LIMIT_SYSTEM_CALLS, ""),
    ("heap_allocations_per_kept_request", measure_allocations, LIMIT_ALLOCATIONS, ""),
    ("user_memory_per_idle_stream", measure_stream_bytes, LIMIT_STREAM_BYTES, " bytes"),
    ("pss_at_start", measure_pss, LIMIT_PSS_KIB, " KiB"),
    ("first_event_later_than_direct", measure_event, LIMIT_EVENT_MS, " ms"),
]


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def measure(name, function, limit, unit):
    try:
        with tempfile.TemporaryDirectory() as folder:
            place = Place(folder)
            try:
                value = function(place)
            finally:
                place.close()
    except (Failure, OSError, subprocess.SubprocessError) as error:
        print(f"FAIL {name}: {' '.join(str(error).split())}", flush=True)
        return False
    if value > limit:
        print(f"FAIL {name}: {number(value)}{unit}, more than {number(limit)}", flush=True)
        return False
    print(f"ok {name}: {number(value)}{unit} (at most {number(limit)})", flush=True)
    return True


def main():
    Daemon.command = [os.path.abspath(sys.argv[1])]
    Daemon.preload = os.path.abspath(sys.argv[2])
    wanted = os.environ.get("FILTER", "")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results = [measure(*row) for row in MEASURES if wanted in row[0]]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return not all(results) or not results


if __name__ == "__main__":
    sys.exit(main())
