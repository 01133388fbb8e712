# SPDX-License-Identifier: Apache-2.0
"""The measurements of time: many short ones in interleaved rounds.

A busy machine changes its mood within seconds. So every subject does the same measurement shortly
after the other, in another order each round, and what is compared are values of one round.
"""
import json
import subprocess
import sys

from subjects import Failure, raise_nofile

MIB = 1024 * 1024
TIMEOUT = 90                # of one measurement, in seconds; it should take half a second
ROUNDS, QUICK_ROUNDS = 15, 2

PROXIES = ("haproxy-users", "haproxy-users-log", "haproxy-tuned", "proxyd", "copy", "sockgate", "sockgate-all",
           "sockgate-unix")
ALL = ("direct", *PROXIES)
JUDGES = ("haproxy-users", "haproxy-users-log", "haproxy-tuned", "sockgate", "sockgate-all", "sockgate-unix")
UNLOGGED = ("direct", "haproxy-users", "haproxy-tuned", "proxyd", "copy", "sockgate", "sockgate-unix")
CORKED = ("haproxy-users", "haproxy-users-log")     # a fifth of a second for each event: few will do


class Measure:
    """One run of the load generator. A value of the options that is a pair is (full, quick)."""

    def __init__(self, name, mode, subjects, **options):
        self.name = name
        self.mode = mode
        self.subjects = subjects
        self.options = options

    def arguments(self, place, subject, is_quick):
        for key, value in self.options.items():
            yield f"{key}={value[is_quick] if isinstance(value, tuple) else value}"
        if self.mode == "events":
            yield f"control={place.control_path}"
            yield f"count={3 if subject.name in CORKED else 11 if is_quick else 31}"

    def run(self, place, subject, is_quick=False):
        """What the load generator says, and the CPU time that the subject took meanwhile."""
        before = subject.cpu_ns()
        result = load(place, self.mode, subject.address, *self.arguments(place, subject, is_quick))
        if subject.pids():
            result["cpu_ns"] = subject.cpu_ns() - before
            if "requests" in result:
                result["cpu_us_each"] = result["cpu_ns"] / 1000 / result["requests"]
            if "bytes" in result:
                result["cpu_s_per_gb"] = result["cpu_ns"] / result["bytes"]
        return result


def load(place, mode, address, *arguments):
    done = subprocess.run([place.tool("load"), mode, address, *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT, preexec_fn=raise_nofile,
                          check=False)
    if done.returncode != 0:
        raise Failure(f"load {mode} ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return json.loads(done.stdout)


SECONDS, SIZES, SMALL_SIZES = (0.4, 0.15), (256 * MIB, 32 * MIB), (128 * MIB, 16 * MIB)
MEASURES = (
    Measure("ping_32", "requests", ALL, clients=32, seconds=SECONDS),
    Measure("ping_1", "requests", ALL, clients=1, seconds=SECONDS),
    Measure("list_8", "requests", ALL, clients=8, seconds=SECONDS, path="/v1.41/containers/json"),
    Measure("fresh_1", "requests", ALL, clients=1, seconds=SECONDS, fresh=1),
    Measure("denied_8", "requests", JUDGES, clients=8, seconds=SECONDS, path="/v1.41/secrets", expect=403),
    Measure("events", "events", UNLOGGED, gap_ms=10),
    Measure("upload_length", "upload", UNLOGGED, framing="length", bytes=SIZES),
    Measure("upload_chunked", "upload", UNLOGGED, framing="chunked", bytes=SIZES),
    Measure("download_length", "download", UNLOGGED, framing="length", bytes=SIZES),
    Measure("download_chunked", "download", UNLOGGED, framing="chunked", bytes=SIZES),
    Measure("echo", "echo", UNLOGGED, count=(3000, 500)),
    Measure("flood", "flood", UNLOGGED, bytes=SMALL_SIZES),
)


def rotated(subjects, n):
    """Who was first is last in the next round; every other round goes backwards, so that nobody
    always follows the same one."""
    n %= len(subjects)
    turned = [*subjects[n:], *subjects[:n]]
    return turned[::-1] if n % 2 else turned


def measure_rounds(place, subjects, n_rounds, is_quick, failures):
    """{measure: {subject: [what was measured, or None, for each round]}} of subjects that run."""
    for measure in MEASURES:    # what is done for the first time is no measure: a short round, forgotten
        for subject in (s for s in subjects if s.name in measure.subjects):
            attempt(place, measure, subject, True, failures)
    samples = {m.name: {s.name: [] for s in subjects if s.name in m.subjects} for m in MEASURES}
    for n in range(n_rounds):
        for measure in MEASURES:
            for subject in rotated([s for s in subjects if s.name in measure.subjects], n):
                samples[measure.name][subject.name].append(attempt(place, measure, subject, is_quick, failures))
        print(f"round {n + 1} of {n_rounds} is done", file=sys.stderr, flush=True)
    return samples


def attempt(place, measure, subject, is_quick, failures):
    try:
        return measure.run(place, subject, is_quick)
    except (Failure, OSError, ValueError, subprocess.SubprocessError) as error:
        failures.append(f"{measure.name} of {subject.name}: {' '.join(str(error).split())}")
        print(failures[-1], file=sys.stderr, flush=True)
        return None
