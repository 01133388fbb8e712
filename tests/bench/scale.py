# SPDX-License-Identifier: Apache-2.0
"""What a request costs as something else grows: scale.py SOCKGATED TOOLS --out DIR [--quick] [PART...].

Parts: connections that are kept, rules of the policy, records of the audit, idle streams. Written
below DIR: scale.txt and scale.json with each single value.
"""
import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

import table
from cold_start import answer_whole
from exact import Streams, count_instructions, while_running
from policies import KINDS
from rounds import load, rotated
from subjects import Failure, Place, Sockgate, SockgateAll, ask, connect, raise_nofile

ROUNDS, QUICK_ROUNDS = 5, 2
CONNECTIONS, QUICK_CONNECTIONS = (1, 10, 100, 1000, 9000), (1, 100, 9000)
RULES, QUICK_RULES = (1, 10, 100, 1000, 5000), (1, 100, 5000)
REQUESTS = 20000            # after each connection has had its first answer
DROP_IN = 500               # lines of the policy in a file, as several people would add theirs
EXACT = 1000                # connections or rules at most under callgrind, which is slow to open and to read them
RULED = 200                 # requests of one kind in a round
TRACED = (20, 60)           # requests of the short and the long life under callgrind
STREAMS, CLIENTS = 9400, 32
PART_ERRORS = (Failure, OSError, ValueError, subprocess.SubprocessError)


class Ruled(Sockgate):
    """With a policy of so many rules of a kind."""

    def __init__(self, place, sockgated, kind, n):
        super().__init__(place, sockgated)
        self.kind, self.n = kind, n
        self.name = f"{re.sub('[^a-z]+', '-', kind.name.lower()).strip('-')}-{n}"

    def config(self):
        text = super().config()
        if "addresses" in self.kind.name:
            text = text.replace("[peers]\naddresses = 127.0.0.0/8\n", "")
        return text

    def command(self):
        """The rules are in drop-ins, each of which names their section again."""
        command = super().command()
        folder = self.place.path(f"{self.name}.conf.d")
        os.makedirs(folder, exist_ok=True)
        for number, text in enumerate(cut(self.kind.policy(self.n))):
            with open(os.path.join(folder, f"{number:03}.conf"), "w", encoding="utf-8") as file:
                file.write(text)
        return command


def cut(policy):
    """Pieces of so many lines, each with the head of the section that goes on in it."""
    lines, section = policy.splitlines(), ""
    for start in range(0, len(lines), DROP_IN):
        piece = lines[start:start + DROP_IN]
        yield "\n".join([section, *piece]) + "\n"
        section = next((line for line in reversed(piece) if line.startswith("[")), section)


def ask_many(subject, kind, n, request):
    """So many requests on one connection, each with the status that the kind should have."""
    wanted = f"HTTP/1.1 {kind.status} ".encode()
    with connect(subject.address) as client:
        for _ in range(n):
            answer = ask(client, request)
            if not answer.startswith(wanted):
                raise Failure(f"{subject.name}: {kind.status} is wanted: {answer[-300:]!r}")
            drain(client, answer)


def drain(client, answer):
    """The rest of an answer with a length: the next one must not begin in it."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *(\d+)", head)
    left = int(length.group(1) if length else 0) - len(body)
    while left > 0:
        more = client.recv(65536)
        if not more:
            raise Failure("the answer ended early")
        left -= len(more)


@contextlib.contextmanager
def all_running(subjects):
    """Who did not start is not stopped: its process is gone."""
    with contextlib.ExitStack() as stack:
        for subject in subjects:
            subject.start()
            stack.callback(subject.stop)
        yield


def instructions(place, subject, work, short, long):
    """Of one request more."""
    lives = [count_instructions(place, subject, n, work) for n in (short, long)]
    return (lives[1] - lives[0]) / (long - short)


def cpu_us(place, subject, work, n):
    before = subject.cpu_ns()
    work(place, subject, n)
    return (subject.cpu_ns() - before) / 1000


def timed(place, subject, seconds, *arguments):
    """What the load generator says, and the CPU time of each request."""
    before = subject.cpu_ns()
    result = load(place, "requests", subject.address, *arguments, f"seconds={seconds}")
    result["cpu_us"] = (subject.cpu_ns() - before) / 1000 / result["requests"]
    return result


def seconds_of(is_quick):
    return 0.15 if is_quick else 0.4


# ---- connections

def keep(n):
    """The work of n clients, all at once, each on a connection that it keeps."""
    return lambda place, subject, count: load(place, "requests", subject.address, f"clients={n}", f"count={count}")


def connections_busy(place, subject, n):
    """CPU time of a request when all ask: opening the connections is in both lives."""
    few = cpu_us(place, subject, keep(n), n)
    return (cpu_us(place, subject, keep(n), n + REQUESTS) - few) / REQUESTS


class Kept:
    """Connections that have had an answer and are silent while the block lasts."""

    def __init__(self, subject, n):
        self.subject, self.n = subject, n
        self.clients = []

    def __enter__(self):
        try:
            for _ in range(self.n):
                self.clients.append(connect(self.subject.address))
                answer_whole(self.clients[-1])
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        for client in self.clients:
            client.close()


def connections_idle(place, subject, n, is_quick):
    """One client asks, the others are silent: on a connection that is kept, then each time on a fresh one."""
    with Kept(subject, n - 1):
        result = timed(place, subject, seconds_of(is_quick))
        fresh = timed(place, subject, seconds_of(is_quick), "fresh=1")
        return {**{f"idle_{name}": result[name] for name in ("cpu_us", "p50_us", "best_us")},
                **{f"fresh_{name}": fresh[name] for name in ("cpu_us", "p50_us")}}


def measure_connections(place, run):
    def each_round(place, subject):
        for n_round in range(run.rounds):
            for n in rotated(sizes, n_round):
                run.add("connections", n, busy_cpu_us=connections_busy(place, subject, n),
                        **connections_idle(place, subject, n, run.is_quick))
    sizes = QUICK_CONNECTIONS if run.is_quick else CONNECTIONS
    while_running(place, Sockgate(place, run.sockgated), each_round)
    for n in (n for n in sizes if n <= EXACT):
        run.add("connections", n, instructions=instructions(
            place, Sockgate(place, run.sockgated), keep(n), n, n + REQUESTS // 4))


# ---- rules

def measure_kind(place, run, kind, sizes):
    def work(_, subject, n):
        ask_many(subject, kind, n, kind.request(subject.n - 1))

    subjects = [Ruled(place, run.sockgated, kind, n) for n in sizes]
    with all_running(subjects):
        for n_round in range(run.rounds):
            for subject in rotated(subjects, n_round):
                run.add(f"rules: {kind.name}", subject.n, cpu_us=cpu_us(place, subject, work, RULED) / RULED)
    for subject in (s for s in subjects if s.n <= EXACT):
        run.add(f"rules: {kind.name}", subject.n, instructions=instructions(place, subject, work, *TRACED))


def measure_rules(place, run):
    for kind in KINDS:
        measure_kind(place, run, kind, QUICK_RULES if run.is_quick else RULES)


# ---- audit

def measure_audit(place, run):
    subjects = [Sockgate(place, run.sockgated), SockgateAll(place, run.sockgated)]
    works = {"1 client": ("clients=1",), "32 clients": ("clients=32",),
             "8 clients, refused": ("clients=8", "path=/v1.41/secrets", "expect=403")}

    with all_running(subjects):
        for n_round in range(run.rounds):
            for name, arguments in works.items():
                for subject in rotated(subjects, n_round):
                    result = timed(place, subject, seconds_of(run.is_quick), *arguments)
                    run.add(f"audit: {name}", "all" if subject.is_logging else "denied", cpu_us=result["cpu_us"],
                            p50_us=result["p50_us"])
    for subject in subjects:
        run.add("audit: 1 client", "all" if subject.is_logging else "denied",
                instructions=instructions(place, subject, keep(1), 100, 1100))


# ---- streams

def measure_streams(place, run):
    """A daemon with the streams and one without take turns."""
    def turns(loaded, free):
        with Streams(place, loaded, STREAMS) as streams:
            for n_round in range(run.rounds):
                for subject in rotated([loaded, free], n_round):
                    result = timed(place, subject, 2 * seconds_of(run.is_quick), f"clients={CLIENTS}")
                    run.add(f"streams, {CLIENTS} clients beside", STREAMS if subject is loaded else 0,
                            **{name: result[name] for name in ("cpu_us", "p50_us", "p99_us")})
                if streams.alive() != STREAMS:
                    raise Failure("streams were dropped")
            run.add(f"streams, {CLIENTS} clients beside", STREAMS, alive=streams.alive())

    loaded, free = Sockgate(place, run.sockgated), Sockgate(place, run.sockgated)
    while_running(place, loaded, lambda *_: while_running(place, free, lambda *_: turns(loaded, free)))


PARTS = {"connections": measure_connections, "rules": measure_rules, "audit": measure_audit, "streams": measure_streams}


class Run:
    """What is measured, and the values: {what grows: {how much: {name: [value, ...]}}}."""

    def __init__(self, options):
        self.sockgated = options.sockgated
        self.is_quick = options.quick
        self.rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
        self.samples = {}
        self.failures = []

    def add(self, what, size, **values):
        cell = self.samples.setdefault(what, {}).setdefault(str(size), {})
        for name, value in values.items():
            cell.setdefault(name, []).append(value)

    def attempt(self, place, part):
        try:
            PARTS[part](place, self)
        except PART_ERRORS as error:
            self.failures.append(f"{part}: {' '.join(str(error).split())}")
        print(f"{part} measured", file=sys.stderr, flush=True)


def spread(values):
    if len(values) < 2:
        return f"{values[0]:.1f}"
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.1f} ({low:.1f}..{high:.1f})"


def render(about, run):
    lines = [f"sockgate {about['commit']}, {about['date']}, {run.rounds} interleaved rounds: medians (quartiles) of a request",
             about["machine"]]
    for what, cells in run.samples.items():
        names = list(dict.fromkeys(name for cell in cells.values() for name in cell))
        lines += ["", f"{what:36}" + "".join(f"{name:>28}" for name in names)]
        lines += [f"{size:>36}" + "".join(f"{spread(cell[name]) if name in cell else '-':>28}" for name in names)
                  for size, cell in cells.items()]
    return "\n".join(lines + [f"FAILED {text}" for text in run.failures]) + "\n"


def as_json(about, run):
    """A line for each size: two runs can be compared with diff."""
    samples = ["%s: {\n%s}" % (json.dumps(what), ",\n".join(f"  {json.dumps(s)}: {json.dumps(v)}" for s, v in cells.items()))
               for what, cells in run.samples.items()]
    return '{"about": %s,\n"failures": %s,\n"samples": {\n%s}}\n' % (
        json.dumps(about), json.dumps(run.failures), ",\n".join(samples))


def parse():
    parser = argparse.ArgumentParser(description="Measures what a request costs as something else grows.")
    parser.add_argument("sockgated")
    parser.add_argument("tools")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--out", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=0)
    options = parser.parse_intermixed_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"{part}: no such part; there are {' '.join(PARTS)}")
    return options


def main():
    options = parse()
    raise_nofile()
    run = Run(options)
    about = table.about(run.is_quick, run.rounds)
    with tempfile.TemporaryDirectory() as folder, Place(folder, os.path.abspath(options.tools)) as place:
        for part in options.parts or PARTS:
            run.attempt(place, part)
    text = render(about, run)
    table.write(options.out, "scale.txt", text)
    table.write(options.out, "scale.json", as_json(about, run))
    print(text, end="")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
