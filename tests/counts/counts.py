#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what a request through sockgated costs and holds it against the limits: counts.py DAEMON PRELOAD.

Instructions, system calls, allocations and memory do not depend on how busy the machine is: they alone
are asserted. Times are measured by tests/bench, and held against nothing.
The daemon is a release build, audit log = denied, one connection over AF_UNIX unless said. What the
judgement of bodies costs: see bodies.py.
"""
import os
import re
import resource
import subprocess
import sys

import bodies
from place import (CONFIG, TRIES, Counted, Daemon, count_instructions, difference, kept_requests, measure, open_stream, ping,
                   read_until)

VALGRIND_SHORT, VALGRIND_LONG = 500, 2500
STRACE_SHORT, STRACE_LONG = 200, 1200
WARM_UP = 500               # requests until the daemon's buffers have their size
ALLOCATION_REQUESTS = 2000
STREAMS_BEFORE, STREAMS = 100, 1000

LIMIT_INSTRUCTIONS = 11000  # a kept request
LIMIT_INSTRUCTIONS_MORE = 25    # of them where bodies are judged: what two measurements differ by
LIMIT_SYSTEM_CALLS = 6      # a kept request
LIMIT_CONNECTION_CALLS = 17     # a connection and its one request
LIMIT_ALLOCATIONS = 0       # a kept request
LIMIT_STREAM_BYTES = 1152   # user memory of an idle stream
LIMIT_CONNECTION_BYTES = 768    # the same of a kept connection that idles
LIMIT_PSS_KIB = 600         # at start
LIMIT_STRIPPED_KB = 400     # the program, without what only debuggers read


def kept_request_instructions(place, config):
    def count(n_requests):
        return count_instructions(place, kept_requests(n_requests), config)
    return difference(count, VALGRIND_SHORT, VALGRIND_LONG)


def measure_instructions(place):
    return kept_request_instructions(place, CONFIG)


def measure_instructions_more(place):
    """Of a request without a body, when the configuration has rules for bodies."""
    plain = kept_request_instructions(place, CONFIG)
    judged = kept_request_instructions(place, bodies.CONFIG)
    print(f"   without rules for bodies {plain:.1f}, with them {judged:.1f}")
    return abs(judged - plain)


def kept(daemon, n_requests):
    with daemon.connect() as client:
        ping(client, n_requests)


def fresh(daemon, n_requests):
    for _ in range(n_requests):
        kept(daemon, 1)


def measure_system_calls(place, work=kept):
    calls = {}

    def count(n_requests):
        out = place.path(f"strace-{n_requests}")
        daemon = Daemon(place, ["strace", "-f", "-qq", "-e", "signal=none", "-o", out])
        work(daemon, n_requests)
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


def measure_connection_calls(place):
    return measure_system_calls(place, fresh)


def measure_allocations(place):
    counted = Counted(place)
    with counted.daemon.connect() as client:
        ping(client, WARM_UP)
        before = counted.n_allocations()
        ping(client, ALLOCATION_REQUESTS)
        after = counted.n_allocations()
    counted.stop()
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


def measure_connection_bytes(place):
    daemon = Daemon(place)
    clients = []
    for n in range(STREAMS_BEFORE + STREAMS):
        clients.append(daemon.connect())
        ping(clients[-1], 1)
        if n + 1 == STREAMS_BEFORE:
            before = daemon.memory_kib("Anonymous")
    after = daemon.memory_kib("Anonymous")
    for client in clients:
        client.close()
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


def stripped_bytes(program, folder):
    stripped = os.path.join(folder, "stripped")
    subprocess.run(["strip", "-o", stripped, program], check=True)
    return os.path.getsize(stripped)


def measure_stripped_kb(place):
    return stripped_bytes(Daemon.command[0], place.folder) / 1000


MEASURES = [
    ("user_instructions_per_kept_request", measure_instructions, LIMIT_INSTRUCTIONS, ""),
    ("user_instructions_more_where_bodies_are_judged", measure_instructions_more, LIMIT_INSTRUCTIONS_MORE, ""),
    ("system_calls_per_kept_request", measure_system_calls, LIMIT_SYSTEM_CALLS, ""),
    ("system_calls_per_connection_and_request", measure_connection_calls, LIMIT_CONNECTION_CALLS, ""),
    ("heap_allocations_per_kept_request", measure_allocations, LIMIT_ALLOCATIONS, ""),
    ("user_memory_per_idle_stream", measure_stream_bytes, LIMIT_STREAM_BYTES, " bytes"),
    ("user_memory_per_idle_connection", measure_connection_bytes, LIMIT_CONNECTION_BYTES, " bytes"),
    ("pss_at_start", measure_pss, LIMIT_PSS_KIB, " KiB"),
    ("stripped_program", measure_stripped_kb, LIMIT_STRIPPED_KB, " kB"),
]


def main():
    Daemon.command = [os.path.abspath(sys.argv[1])]
    Daemon.preload = os.path.abspath(sys.argv[2])
    wanted = os.environ.get("FILTER", "")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results = [measure(*row) for row in MEASURES + bodies.MEASURES if wanted in row[0]]
    results = [result for result in results if result is not None]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return not all(results) or not results


if __name__ == "__main__":
    sys.exit(main())
