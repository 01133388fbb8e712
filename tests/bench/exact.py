# SPDX-License-Identifier: Apache-2.0
"""What does not depend on how busy the machine is: instructions, system calls, allocations, memory,
descriptors, bytes of the program. Each subject gets a fresh process for each count.

The counts of a request are differences of two lives of a proxy that differ by that many requests.
"""
import os
import re
import subprocess
import sys
import tempfile

from rounds import MIB, load
from subjects import HERE, Failure, ask, connect, raise_nofile

sys.path.insert(0, os.path.join(HERE, "..", "counts"))
import counts               # noqa: E402
import place as counting    # noqa: E402

TRACED = ("haproxy-users", "haproxy-tuned", "proxyd", "copy", "sockgate")
INSTRUCTIONS = (300, 1300)  # requests of the short and the long life
CALLS = (200, 1200)
TOOL_TIMEOUT = 120
STREAMS_BEFORE, STREAMS = 100, 1000
STREAMS_MANY = 9400
PSS_INSTANCES = 3
CONNECTIONS_BEFORE, CONNECTIONS = 100, 1000


def requests(place, subject, n, is_fresh=False):
    result = load(place, "requests", subject.address, "clients=1", f"count={n}", f"fresh={int(is_fresh)}")
    if result["requests"] != n:
        raise Failure(f"{result['requests']} requests instead of {n}")


def count_instructions(place, subject, n, work=requests):
    """Of all threads, of a whole life in which work is done n times."""
    out = place.path(f"callgrind-{subject.name}-{n}")
    subject.start(["valgrind", "--tool=callgrind", "-q", "--trace-children=yes", f"--callgrind-out-file={out}.%p"])
    pid = subject.pids()[0]
    try:
        work(place, subject, n)
    finally:
        subject.stop()
    with open(f"{out}.{pid}", encoding="utf-8") as file:
        return int(re.search(r"^totals: (\d+)", file.read(), re.M).group(1))


def count_calls(place, subject, n, is_fresh):
    out = place.path(f"strace-{subject.name}-{n}")
    subject.start(["strace", "-f", "-c", "-qq", "-o", out])
    try:
        requests(place, subject, n, is_fresh)
    finally:
        subject.stop()
    with open(out, encoding="utf-8") as file:
        return int(re.search(r"^100\.00 +\S+ +\S+ +(\d+) .*total$", file.read(), re.M).group(1))


def measure_instructions(place, subject):
    return {"each": counting.difference(lambda n: count_instructions(place, subject, n), *INSTRUCTIONS)}


def calls_each(place, subject, is_fresh):
    """To a tenth: a wait more or less in a thousand requests is the machine's doing."""
    return {"each": round(counting.difference(lambda n: count_calls(place, subject, n, is_fresh), *CALLS), 1)}


def measure_calls_kept(place, subject):
    return calls_each(place, subject, False)


def measure_calls_fresh(place, subject):
    return calls_each(place, subject, True)


class Streams:
    """Streams of events that are held open while the block lasts."""

    def __init__(self, place, subject, n):
        self.n = n
        self.process = subprocess.Popen(
            [place.tool("load"), "streams", subject.address, f"count={n}", f"control={place.control_path}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=raise_nofile, text=True)

    def expect(self, key):
        line = self.process.stdout.readline()
        found = re.search(rf'"{key}": *(\d+)', line)
        if not found:
            raise Failure(f"no answer with {key}: {line!r}")
        return int(found.group(1))

    def alive(self):
        """How many of them still get an event."""
        self.process.stdin.write("check\n")
        self.process.stdin.flush()
        return self.expect("alive")

    def __enter__(self):
        try:
            if self.expect("opened") != self.n:
                raise Failure("not every stream was opened")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(TOOL_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def stream_bytes(place, subject):
    """User memory that one stream more takes."""
    with Streams(place, subject, STREAMS_BEFORE):
        before = subject.memory()["anonymous"]
        with Streams(place, subject, STREAMS) as streams:
            after = subject.memory()["anonymous"]
            if streams.alive() != STREAMS:
                raise Failure("streams were lost")
    return (after - before) * 1024 / STREAMS


def connection_bytes(place, subject):
    """User memory that one connection more takes which has had an answer and is kept."""
    clients = []

    def add(n):
        for _ in range(n):
            clients.append(connect(subject.address))
            ask(clients[-1])
        return subject.memory()["anonymous"]

    try:
        before = add(CONNECTIONS_BEFORE)
        return (add(CONNECTIONS) - before) * 1024 / CONNECTIONS
    finally:
        for client in clients:
            client.close()


def rss_peak(place, subject):
    """The most that was ever resident, with streams open and all kinds of work beside them."""
    with Streams(place, subject, STREAMS):
        load(place, "requests", subject.address, "clients=32", "seconds=1")
        load(place, "requests", subject.address, "clients=8", "seconds=0.5", "path=/v1.41/containers/json")
        for framing in ("length", "chunked"):
            for mode in ("upload", "download"):
                load(place, mode, subject.address, f"framing={framing}", f"bytes={64 * MIB}")
        load(place, "flood", subject.address, f"bytes={64 * MIB}")
        return subject.memory()["rss_peak"]


def while_running(place, subject, function):
    subject.start()
    try:
        return function(place, subject)
    finally:
        subject.stop()


def pss(place, subject):
    """With two others running, as instances do: what they share counts in part only."""
    others = [subject.another() for _ in range(PSS_INSTANCES - 1)]
    started = []
    try:
        for each in (*others, subject):
            each.start()
            started.append(each)
        return subject.memory()["pss"]
    finally:
        for each in started:
            each.stop()


def measure_memory(place, subject):
    return {
        "pss": pss(place, subject),
        "stream_bytes": while_running(place, subject, stream_bytes),
        "connection_bytes": while_running(place, subject, connection_bytes),
        "rss_peak": while_running(place, subject, rss_peak)}


def measure_streams(place, subject):
    """As many idle streams as descriptors allow: are they all alive, and what did each take?"""
    def function(place, subject):
        before = subject.n_descriptors()
        with Streams(place, subject, STREAMS_MANY) as streams:
            each = (subject.n_descriptors() - before) / STREAMS_MANY
            return {"alive": streams.alive(), "descriptors_each": each}
    return while_running(place, subject, function)


def measure_allocations(preload):
    """By the suite of counts, with its own engine: sockgate alone."""
    def function(place, subject):
        counting.Daemon.command, counting.Daemon.preload = [subject.sockgated], preload
        with tempfile.TemporaryDirectory(dir=place.folder) as folder:
            own = counting.Place(folder)
            try:
                return {"each": counts.measure_allocations(own)}
            finally:
                own.close()
    return function


def measure_binary(place, subject):
    """Without what only a debugger reads, as the package has it."""
    return {"bytes": counts.stripped_bytes(subject.command()[0], place.folder)}


def measure_exact(place, subjects, preload, failures):
    """{measure: {subject: [counts]}} of subjects that are not running."""
    table = (
        ("instructions", TRACED, measure_instructions), ("calls_kept", TRACED, measure_calls_kept),
        ("calls_fresh", TRACED, measure_calls_fresh), ("allocations", ("sockgate",), measure_allocations(preload)),
        ("memory", TRACED, measure_memory), ("streams", ("haproxy-tuned", "copy", "sockgate"), measure_streams),
        ("binary", ("haproxy-users", "proxyd", "copy", "sockgate"), measure_binary))
    samples = {}
    for name, wanted, function in table:
        for subject in (s for s in subjects if s.name in wanted):
            try:
                samples.setdefault(name, {})[subject.name] = [function(place, subject)]
            except (Failure, counting.Failure, OSError, ValueError, AttributeError, subprocess.SubprocessError) as error:
                failures.append(f"{name} of {subject.name}: {' '.join(str(error).split())}")
                print(failures[-1], file=sys.stderr, flush=True)
        print(f"{name} counted", file=sys.stderr, flush=True)
    return samples
