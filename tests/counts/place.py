# SPDX-License-Identifier: Apache-2.0
"""What all measurements share: the place with its engine, the daemon under its tools, requests, and
how a measure is held against its limit.
"""
import itertools
import mmap
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT = 120               # for whatever must happen at all, in seconds: the machine may be loaded
LISTEN_FD = 3               # where sd_listen_fds() begins
TRIES = 3                   # of what the machine's mood can spoil: the best counts

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
    """The temporary folder with the engine and a journal nobody reads much of."""

    def __init__(self, folder):
        self.folder = folder
        self.engine_path = self.path("engine.sock")
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journal.bind(self.path("journal.sock"))
        self.numbers = itertools.count()
        self.engine = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "engine.py"), self.engine_path, self.path("control.sock")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if self.engine.stdout.readline() != b"ready\n":
            raise Failure("the engine does not start")
        self.control.connect(self.path("control.sock"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def drain_journal(self):
        while select.select([self.journal], [], [], 0)[0]:
            self.journal.recv(65536)

    def close(self):
        self.engine.kill()
        self.engine.wait()


class Daemon:
    """One running sockgated, under a tool if one is named. Ready when the constructor returns."""
    command = []                # of the daemon that is measured
    preload = ""                # the counter of allocations

    def __init__(self, place, tool=(), env=None, config=CONFIG):
        self.number = next(place.numbers)
        self.socket_path = place.path(f"gate-{self.number}.sock")
        config_path = place.path(f"bench-{self.number}.conf")
        with open(config_path, "w", encoding="utf-8") as file:
            file.write(config)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.socket_path)
        listener.listen(1024)
        notify_path = place.path(f"notify-{self.number}.sock")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(notify_path)
        # A shell in between: LISTEN_PID must be the id of what becomes the daemon, under strace too.
        command = [*tool, "/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *Daemon.command,
                   f"--config={config_path}", f"--upstream={place.engine_path}",
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


class Counted:
    """A daemon whose heap is counted by the preloaded library."""

    def __init__(self, place, config=CONFIG):
        path = place.path(f"allocations-{next(place.numbers)}")
        with open(path, "w+b") as file:
            file.write(bytes(24))
            file.flush()
            self.counters = mmap.mmap(file.fileno(), 24)
        self.daemon = Daemon(place, env={"LD_PRELOAD": Daemon.preload, "SOCKGATE_ALLOCATIONS": path}, config=config)
        if self.n_allocations() == 0:
            raise Failure("nothing was counted at start: the counter is not loaded")

    def read(self, index):
        return struct.unpack_from("=Q", self.counters, 8 * index)[0]

    def n_allocations(self):
        return self.read(0)

    def forget_peak(self):
        """While the daemon idles. Returns the bytes that are held."""
        held = self.read(1)
        struct.pack_into("=Q", self.counters, 16, held)
        return held

    def peak(self):
        return self.read(2)

    def stop(self):
        self.daemon.stop()
        self.counters.close()


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


def count_instructions(place, work, config=CONFIG):
    """Of a whole life of the daemon, in which work(daemon) is done."""
    out = place.path("callgrind")
    daemon = Daemon(place, ["valgrind", "--tool=callgrind", "-q", "--trace-children=yes",
                            f"--callgrind-out-file={out}.%p"], config=config)
    work(daemon)
    daemon.stop()
    with open(f"{out}.{daemon.process.pid}", encoding="utf-8") as file:
        return int(re.search(r"^totals: (\d+)", file.read(), re.M).group(1))


def kept_requests(n_requests):
    def work(daemon):
        with daemon.connect() as client:
            ping(client, n_requests)
    return work


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
    if unit == " us":   # a time of this machine at this hour: shown beside its goal, held against nothing
        print(f"   {name}: {number(value)}{unit} (goal {number(limit)})", flush=True)
        return None
    if value > limit:
        print(f"FAIL {name}: {number(value)}{unit}, more than {number(limit)}", flush=True)
        return False
    print(f"ok {name}: {number(value)}{unit} (at most {number(limit)})", flush=True)
    return True
