#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures everything and prints the table: table.py SOCKGATED TOOLS OUT [--quick].

TOOLS holds the programs built from the C files of this folder and count-allocations.so. Written below OUT:
table.txt, table.json with each single value, and table.svg.
"""
import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile

import chart
import rows
from cold_start import measure_cold
from exact import measure_exact
from rounds import QUICK_ROUNDS, ROUNDS, measure_rounds
from subjects import HAPROXY, HERE, Failure, Place, all_subjects, raise_nofile

COLUMNS = (("direct", "direct"), ("haproxy-users", "haproxy"), ("haproxy-tuned", "tuned"), ("proxyd", "proxyd"),
           ("copy", "copy"), ("sockgate", "sockgate"))
LOGGED_COLUMNS = {"haproxy-users": "haproxy-users-log", "sockgate": "sockgate-all"}
HEAD = ("row", "measured", *(title for _, title in COLUMNS), "judged", "quartiles", "floor", "target", "verdict")
WIDTHS = (4, 34, 6, 7, 6, 6, 6, 8, 6, 11, 7, 7, 10)
LEGEND = """haproxy: as users run it, with rules of our own after those of the common images. tuned: connections kept, one
thread, two rules. copy: a bare relay of bytes. Values are medians. Judged is the median of sockgate's own values or,
where others are held against it, of the ratios within each round: to haproxy unless the row names another.
logged: each request is recorded, on both sides."""
INFORMATION = (("ping_32", "rate", "requests/s, 32 clients"), ("ping_32", "cpu_us_each", "CPU us/request, 32 clients"),
               ("ping_1", "p50_us", "us to an answer, 1 client"), ("fresh_1", "rate", "connection+request/s"))


def number(value):
    """Three digits that mean something, in six characters."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.0995 else 3
    return f"{value:.{digits}f}"


def limit(row, value):
    return "-" if value is None else f"{row.bound}{value:g}"


def cells(judged):
    row = judged.row
    is_logged = row.subject == "sockgate-all"
    values = [number(judged.values.get(LOGGED_COLUMNS.get(name, name) if is_logged else name)) for name, _ in COLUMNS]
    if is_logged:   # the others do not log: they have nothing to do with this row
        values = [value if name in LOGGED_COLUMNS else "" for value, (name, _) in zip(values, COLUMNS)]
    spread = "..".join(number(q) for q in judged.quartiles) if judged.quartiles else ""
    return [row.name, row.text, *values, number(judged.value), spread, limit(row, row.floor), limit(row, row.target),
            judged.verdict]


def line(texts):
    left = (0, 1, len(WIDTHS) - 1)
    return " ".join(text.ljust(w) if i in left else text.rjust(w) for i, (text, w) in enumerate(zip(texts, WIDTHS))).rstrip()


def information(samples):
    """What a unix socket changes: shown, not judged."""
    for measure, key, text in INFORMATION:
        row = rows.Row("", text, measure, key, rows.AT_MOST, None, None, rows.RATIO, "sockgate", "sockgate-unix")
        judged = rows.judge(row, samples)
        if judged.value is not None:
            yield f"{text}: {number(judged.values['sockgate-unix'])} by a unix socket, {number(judged.value)} times that by TCP"


def render(report, judged):
    about = report["about"]
    counted = {v: sum(j.verdict == v for j in judged) for v in (rows.TARGET, rows.FLOOR, rows.MISSED, rows.UNMEASURED)}
    label = "a short trial, not to be quoted" if about["is_quick"] else "full run"
    parts = [
        f"sockgate {about['commit']}, {about['date']}, {label}: {about['rounds']} interleaved rounds",
        about["machine"], about["versions"], "",
        line(HEAD), "-" * (sum(WIDTHS) + len(WIDTHS) - 1), *(line(cells(j)) for j in judged), "",
        ", ".join(f"{n} {v}" for v, n in counted.items()), *LEGEND.split("\n"), *information(report["samples"])]
    parts += [f"FAILED {text}" for text in report["failures"]]
    return "\n".join(parts) + "\n"


# ---- where and with what it was measured

def output_of(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False, cwd=HERE)
    return done.stdout.strip()


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    virtual = output_of("systemd-detect-virt")
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    return (f"{os.cpu_count()} cores, {model.group(1) if model else platform.machine()}, Linux {kernel}"
            + (", virtual" if virtual not in ("", "none") else ""))


def versions():
    haproxy = re.search(r"version (\S+)", output_of(HAPROXY, "-v"))
    systemd = re.search(r"^systemd (\S+)", output_of("systemctl", "--version"))
    return f"haproxy {haproxy.group(1) if haproxy else '?'}, systemd {systemd.group(1) if systemd else '?'}"


def commit():
    dirty = "+" if output_of("git", "status", "--porcelain", "--untracked-files=no", "..", "../../src") else ""
    return (output_of("git", "rev-parse", "--short=10", "HEAD") or "without git") + dirty


def about(is_quick, n_rounds):
    return {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "commit": commit(),
            "machine": machine(), "versions": versions(), "is_quick": is_quick, "rounds": n_rounds}


# ---- the run

def measure_time(place, subjects, n_rounds, is_quick, failures):
    started = []
    try:
        for subject in subjects:
            try:
                subject.start()
                started.append(subject)
            except Failure as error:
                failures.append(str(error))
        return measure_rounds(place, started, n_rounds, is_quick, failures)
    finally:
        for subject in started:
            subject.stop()


def measure(options):
    n_rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    report = {"about": about(options.quick, n_rounds), "samples": {}, "failures": []}
    with tempfile.TemporaryDirectory() as folder, Place(folder, os.path.abspath(options.tools)) as place:
        subjects = all_subjects(place, options.sockgated)
        if not options.no_time:
            report["samples"].update(measure_time(place, subjects, n_rounds, options.quick, report["failures"]))
            report["samples"]["cold"] = measure_cold(place, subjects, n_rounds, report["failures"])
        if not options.no_counts:
            preload = place.tool("count-allocations.so")
            report["samples"].update(measure_exact(place, subjects, preload, report["failures"]))
    return report


def as_json(report, judged):
    """A line for each row and for each measure of a subject: two runs can be compared with diff."""
    table = [json.dumps({**j.row._asdict(), "medians": j.values, "value": j.value, "quartiles": j.quartiles,
                         "verdict": j.verdict}) for j in judged]
    measures = ["%s: {\n%s}" % (json.dumps(name), ",\n".join(f"  {json.dumps(s)}: {json.dumps(v)}" for s, v in each.items()))
                for name, each in report["samples"].items()]
    return ('{"about": %s,\n"failures": %s,\n"rows": [\n%s],\n"samples": {\n%s}}\n' % (
        json.dumps(report["about"]), json.dumps(report["failures"]), ",\n".join(table), ",\n".join(measures)))


def write(folder, name, text):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def parse():
    parser = argparse.ArgumentParser(description="Measures sockgate and its peers and prints the table.")
    parser.add_argument("sockgated")
    parser.add_argument("tools")
    parser.add_argument("out")
    parser.add_argument("--quick", action="store_true", help="few rounds and small bodies: a trial")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--no-time", action="store_true", help="counts alone")
    parser.add_argument("--no-counts", action="store_true", help="rounds alone")
    return parser.parse_args()


def main():
    options = parse()
    rows.self_check()
    raise_nofile()
    report = measure(options)
    judged = rows.judge_all(report["samples"])
    text = render(report, judged)
    write(options.out, "table.txt", text)
    write(options.out, "table.json", as_json(report, judged))
    write(options.out, "table.svg", chart.render(report))
    print(text, end="")
    return 1 if report["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
