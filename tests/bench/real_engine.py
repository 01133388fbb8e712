#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same subjects before the real dockerd: real_engine.py SOCKGATED TOOLS OUT FOLDER CGROUP ROUNDS.

Runs inside the namespaces that tests/bench/engine made. FOLDER is empty and in memory: what is measured is the
proxy, not a disk. CGROUP is the group that the containers of this engine are put into.
"""
import json
import os
import signal
import statistics
import sys
import time

import engine_clients
import rows
from rounds import MIB, Measure, attempt, rotated
from subjects import HERE, Failure, Haproxy, HaproxyTuned, Place, Sockgate, SockgateUnix, Subject, raise_nofile
from table import about, number, write

sys.path.insert(0, os.path.join(HERE, "../engine"))
# pylint: disable-next=wrong-import-position
import engine as engines  # noqa: E402

PAYLOAD = 96 * MIB
ECHO = "stty raw -echo; echo ready; exec cat"
USERS, TUNED = "haproxy-users", "haproxy-tuned"
ALL = ("direct", USERS, TUNED, "sockgate", "sockgate-unix")
TITLES = ("direct", "haproxy", "tuned", "sockgate", "by unix")
HEAD = ("measured", *TITLES, "quartiles", "/direct", "/haproxy", "quartiles", "/tuned")
WIDTHS = (33, 7, 7, 7, 8, 7, 13, 7, 8, 11, 6)
LEGEND = """haproxy: as users run it. tuned: connections kept, one thread, two rules. All by TCP on loopback but the engine
itself and the last. Values are medians, the first quartiles those of sockgate's own. Ratios are of sockgate, of pairs of one
round. Events are held against a stream of the engine itself: in its own column stands a second such stream, which is how
exact these differences are."""


class Engine(engines.Engine):
    """Its containers are in a control group of this run, which whoever started us can remove."""

    def __init__(self, folder, cgroup):
        super().__init__("bookworm", folder, None)
        self.cgroup = cgroup

    def command(self):
        return [*super().command(), "--cgroup-parent", "/" + self.cgroup]

    def want(self, *request):
        status, answer = self.api(*request)
        if status >= 300:
            raise Failure(f"{request[:2]}: {status} {answer}")
        return answer

    def about(self):
        info = self.want("GET", "/info")
        return f"dockerd {info['ServerVersion']}, {info['Driver']} in memory, cgroup v{info.get('CgroupVersion', '1')}"


class EnginePlace(Place):
    """A place whose engine is dockerd, with an image, containers to list, one to export and one to talk to."""

    # pylint: disable-next=super-init-not-called # that one starts the synthetic engine
    def __init__(self, folder, tools, cgroup):
        self.folder, self.tools = folder, tools
        self.numbers = iter(range(1 << 20))
        self.log_path = self.path("log.sock")
        self.archive = self.path("image.tar")
        self.processes = []
        self.export_bytes = None
        self.engine = Engine(folder, cgroup)
        self.engine_path = self.engine.socket
        try:
            self.spawn("drain", self.log_path)
            self.engine.start()
            self.fill()
            self.rehearse()
        except BaseException:
            self.close()
            raise

    def rehearse(self):
        """What the engine itself cannot do here, nobody needs to be measured with."""
        address = f"unix:{self.engine_path}"
        self.export_bytes = engine_clients.export(address, "large")["bytes"]
        engine_clients.load_image(address, self.archive, True)
        engine_clients.life(address, self.engine_path)

    def fill(self):
        rootfs = engines.rootfs_busybox(self.path("rootfs"))
        self.engine.image_import("bb:latest", rootfs)
        with open(os.path.join(rootfs, "payload"), "wb") as file:
            for _ in range(PAYLOAD // MIB):
                file.write(os.urandom(MIB))
        self.engine.image_import("large:latest", rootfs)
        os.unlink(os.path.join(rootfs, "payload"))
        for n in range(5):
            self.create(f"listed-{n}", Image="bb", Cmd=["true"])
        self.create("large", Image="large", Cmd=["true"])
        self.create("bench", Image="bb", Cmd=["sh", "-c", ECHO], Tty=True, OpenStdin=True, StopSignal="KILL")
        self.engine.want("POST", "/containers/bench/start")
        engines.wait_for("echo", lambda: b"ready" in self.logs())
        self.save()

    def create(self, name, **body):
        self.engine.want("POST", f"/containers/create?name={name}", body)

    def logs(self):
        answer = self.engine.want("GET", "/containers/bench/logs?stdout=1")
        return answer if isinstance(answer, bytes) else b""

    def save(self):
        with open(self.archive, "wb") as file:
            file.write(self.engine.want("GET", "/images/large/get"))

    def close(self):
        self.engine.stop()
        super().close()


class EngineSockgate(Sockgate):
    """The policy of the bench, and the export."""

    def config(self):
        return super().config() + "[allow]\nendpoints = container.export\n"


class EngineSockgateUnix(EngineSockgate, SockgateUnix):
    pass


class Body(Measure):
    """A long body. The client's time is the same for all."""

    def transfer(self, place, subject):
        raise NotImplementedError

    def run(self, place, subject, is_quick=False):
        before = subject.cpu_ns()
        result = self.transfer(place, subject)
        if subject.pids():
            result["cpu_s_per_gb"] = (subject.cpu_ns() - before) / result["bytes"]
        return result


class Load(Body):
    def transfer(self, place, subject):
        return engine_clients.load_image(subject.address, place.archive, self.options["is_chunked"])


class Export(Body):
    def transfer(self, place, subject):
        return engine_clients.export(subject.address, "large", place.export_bytes)


class Life(Measure):
    """Each round has the events of one container; of the engine itself it is held against a second stream."""

    def run(self, place, subject, is_quick=False):
        late = engine_clients.life(subject.address, place.engine_path)
        return {"count": len(late), "late_ms": statistics.median(late), "latest_ms": late[-1]}


MEASURES = (
    Measure("ping_1", "requests", ALL, clients=1, seconds=0.4),
    Measure("ping_8", "requests", ALL, clients=8, seconds=0.4),
    Measure("list_1", "requests", ALL, clients=1, seconds=0.4, path="/v1.41/containers/json?all=1"),
    Life("life", "life", ALL),
    Load("load_length", "load", ALL, is_chunked=False),
    Load("load_chunked", "load", ALL, is_chunked=True),
    Export("export", "export", ALL),
    Measure("echo", "echo", ALL, count=1000),
)
ROWS = (
    ("ping, 1 client, us", "ping_1", "p50_us"),
    ("... CPU us/request", "ping_1", "cpu_us_each"),
    ("ping, 8 clients, requests/s", "ping_8", "rate"),
    ("... CPU us/request", "ping_8", "cpu_us_each"),
    ("list of 7 containers, us", "list_1", "p50_us"),
    ("... CPU us/request", "list_1", "cpu_us_each"),
    ("event of a container, later by ms", "life", "late_ms"),
    ("... the latest of a life", "life", "latest_ms"),
    ("image load, known length, GB/s", "load_length", "gb_per_s"),
    ("... CPU s/GB", "load_length", "cpu_s_per_gb"),
    ("image load in chunks, GB/s", "load_chunked", "gb_per_s"),
    ("... CPU s/GB", "load_chunked", "cpu_s_per_gb"),
    ("export of a container, GB/s", "export", "gb_per_s"),
    ("... CPU s/GB", "export", "cpu_s_per_gb"),
    ("attach, 1 byte there and back, us", "echo", "p50_us"),
)
DIFFERENCES = ("late_ms", "latest_ms")    # around nothing: only where something is, a ratio says something


def summary(samples, text, measure, key):
    """What a row of the table shows; ratios are [value, quartiles] or None."""
    own = {name: [v for v in rows.values_of(samples, measure, name, key) if v is not None] for name in ALL}
    ratios = {}
    for other in ("direct", USERS, TUNED):
        row = rows.Row("", text, measure, key, rows.AT_MOST, None, None, rows.RATIO, other)
        compared = rows.compared(row, samples) if other == USERS or key not in DIFFERENCES else []
        ratios[other] = [statistics.median(compared), rows.quartiles(compared)] if compared else None
    return {"text": text, "measure": measure, "key": key, "ratios": ratios,
            "medians": {name: statistics.median(values) if values else None for name, values in own.items()},
            "quartiles": {name: rows.quartiles(values) for name, values in own.items()}}


def line(texts):
    return " ".join(t.rjust(w) if i else t.ljust(w) for i, (t, w) in enumerate(zip(texts, WIDTHS))).rstrip()


def spread(quartiles):
    return "..".join(number(q) for q in quartiles) if quartiles else ""


def ratio(value):
    return number(value[0]) if value else ""


def cells(row):
    ratios = row["ratios"]
    users = ratios[USERS]
    return [row["text"], *(number(row["medians"][name]) for name in ALL), spread(row["quartiles"]["sockgate"]),
            ratio(ratios["direct"]), ratio(users), spread(users and users[1]), ratio(ratios[TUNED])]


def render(report):
    facts = report["about"]
    parts = [f"sockgate {facts['commit']}, {facts['date']}, before {facts['engine']}: {facts['rounds']} interleaved rounds",
             facts["machine"], f"{facts['versions']}; {facts['seconds']} s", "",
             line(HEAD), "-" * (sum(WIDTHS) + len(WIDTHS) - 1),
             *(line(cells(row)) for row in report["rows"]), "", LEGEND, *(f"FAILED {text}" for text in report["failures"])]
    return "\n".join(parts) + "\n"


def as_json(report):
    """A line for each row and for each measure of a subject."""
    table = ",\n".join(json.dumps(row) for row in report["rows"])
    measures = ",\n".join("%s: {\n%s}" % (json.dumps(name), ",\n".join(
        f"  {json.dumps(subject)}: {json.dumps(values)}" for subject, values in each.items()))
        for name, each in report["samples"].items())
    return (f'{{"about": {json.dumps(report["about"])},\n"failures": {json.dumps(report["failures"])},\n'
            f'"rows": [\n{table}],\n"samples": {{\n{measures}}}}}\n')


def measure_rounds(place, subjects, n_rounds, failures):
    samples = {m.name: {s.name: [] for s in subjects} for m in MEASURES}
    for n in range(n_rounds):
        for measure in MEASURES:
            for subject in rotated(subjects, n):
                samples[measure.name][subject.name].append(attempt(place, measure, subject, False, failures))
        print(f"round {n + 1} of {n_rounds} is done", file=sys.stderr, flush=True)
    return samples


def measure(place, sockgated, n_rounds):
    report = {"about": {**about(False, n_rounds), "engine": place.engine.about()}, "failures": []}
    subjects = [Subject(place), Haproxy(place), HaproxyTuned(place), EngineSockgate(place, sockgated),
                EngineSockgateUnix(place, sockgated)]
    started = []
    try:
        for subject in subjects:
            subject.start()
            started.append(subject)
        report["samples"] = measure_rounds(place, subjects, n_rounds, report["failures"])
    finally:
        for subject in started:
            subject.stop()
    report["rows"] = [summary(report["samples"], *row) for row in ROWS]
    return report


def main():
    sockgated, tools, out, folder, cgroup, n_rounds = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise_nofile()
    start = time.monotonic()
    try:
        with EnginePlace(folder, tools, cgroup) as place:
            report = measure(place, sockgated, int(n_rounds))
    except (Failure, OSError, RuntimeError) as error:
        print(f"FAIL {error}")
        return 1
    report["about"]["seconds"] = round(time.monotonic() - start)
    text = render(report)
    write(out, "engine.txt", text)
    write(out, "engine.json", as_json(report))
    print(text, end="")
    return 1 if report["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
