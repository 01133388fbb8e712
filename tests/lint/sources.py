#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks that need nothing but the text of the tree: sources.py CHECK [TOP].

Each prints "ok CHECK" or "FAIL CHECK/FILE: why" lines and a last line "N passed, N failed".
There is no list of exceptions.
"""
import os
import re
import sys

C_LINES = 600
H_LINES = 150
FUNCTION_LINES = 70
SPDX = "SPDX-License-Identifier: Apache-2.0"
SKIP_DIRS = {".git", "build", "__pycache__", "node_modules"}
# Recorded traffic and attack cases: data, taken over as they are.
DATA = ("tests/data/", "tests/adversarial/corpus", "tests/adversarial/policies.json")


def files(top):
    """Every text file of the tree as (name below TOP, text)."""
    for folder, dirs, names in os.walk(top):
        dirs[:] = sorted(d for d in dirs if d not in SKIP_DIRS)
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            if b"\0" not in data[:8192]:
                yield os.path.relpath(path, top), data.decode("utf-8", "surrogateescape")


def is_c(name):
    return name.endswith((".c", ".h")) and name.startswith(("src/", "tests/"))


def is_script(name, text):
    return text.startswith("#!") or name.endswith((".sh", ".py"))


def check_spdx(top):
    for name, text in files(top):
        lines = text.split("\n", 3)[:2] + [""]
        if is_c(name):
            if lines[0] != f"/* {SPDX} */":
                yield name, f"does not begin with /* {SPDX} */"
        elif is_script(name, text) or os.path.basename(name) == "meson.build":
            if lines[0].startswith("#!"):
                lines = lines[1:]
            if lines[0] != f"# {SPDX}":
                yield name, f"does not begin with # {SPDX}"


def functions(text):
    """(name, lines) of each function. clang-format puts its head and its closing brace at the margin."""
    head, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("}"):
            if head.endswith("{") and "(" in head and "=" not in head:
                yield re.search(r"(?:START_TEST\()?(\w+)\s*[()]", head).group(1), number - start + 1
            head = ""
        elif re.match(r"[A-Za-z_]", line):
            head, start = line, number
        elif head and not head.endswith(("{", ";")):
            head += line


def check_sizes(top):
    for name, text in files(top):
        if not is_c(name):
            continue
        limit = C_LINES if name.endswith(".c") else H_LINES
        n_lines = text.count("\n")
        if n_lines > limit:
            yield name, f"{n_lines} lines, {limit} are the limit"
        for function, n_lines in functions(text):
            if n_lines > FUNCTION_LINES:
                yield name, f"{function}() has {n_lines} lines, {FUNCTION_LINES} are the limit"


# Put together here so that this file does not find itself.
LEFT_OVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE = re.compile(r"(?:^|[^A-Za-z0-9_.])(/(?:work|farm)/[^\s]*)")
# Tests make homes of their own; elsewhere the example of the documentation is the only one.
MACHINE_HOME = re.compile(r"(?:^|[^A-Za-z0-9_.])(/home/(?!web\b)[^\s]*)")


def check_words(top):
    for name, text in files(top):
        if name.startswith(DATA):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if LEFT_OVER.search(line):
                yield f"{name}:{number}", f"left over: {line.strip()[:80]}"
            found = MACHINE.search(line) or not name.startswith("tests/") and MACHINE_HOME.search(line)
            if found:
                yield f"{name}:{number}", f"a path of one machine: {found.group(1)[:80]}"


def check_python(top):
    for name, text in files(top):
        if name.endswith(".py") or re.match(r"#!.*\bpython3?$", text.split("\n", 1)[0]):
            try:
                compile(text, name, "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                yield name, error


def layers(text):
    """The table as {module or <header>: [patterns]}."""
    table = {}
    for line in text.split("\n"):
        line = line.split("#", 1)[0].strip()
        if line:
            name, _, allowed = line.partition(":")
            table.setdefault(name.strip(), []).extend(allowed.split())
    return table


def covers(pattern, module):
    return pattern == module or pattern.endswith("/*") and module.startswith(pattern[:-1])


def module_of(table, stem):
    """The row of a module: its own, that of the name before a dash, or that of its folder."""
    folder, _, name = stem.rpartition("/")
    parts = name.split("-")
    prefix = folder + "/" if folder else ""
    names = [prefix + "-".join(parts[:n]) for n in range(len(parts), 0, -1)] + [prefix + "*"]
    return next((n for n in names if n in table), None)


def check_layers(top):
    with open(os.path.join(top, "tests/lint/layers"), encoding="utf-8") as file:
        table = layers(file.read())
    n_files = 0
    for name, text in files(top):
        if not name.startswith("src/") or not name.endswith((".c", ".h")):
            continue
        n_files += 1
        row = name[len("src/"):]
        if row not in table:
            row = module_of(table, row[:-2])
        if row is None:
            yield name, "is in no row of tests/lint/layers"
            continue
        for number, line in enumerate(text.split("\n"), 1):
            found = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|(<[^>]+>))', line)
            if found:
                why = (layers_local(table, row, found[1]) if found[1]
                       else layers_system(table, row, found[2]))
                if why:
                    yield f"{name}:{number}", why
            elif re.match(r"\s*#\s*include", line):
                yield f"{name}:{number}", "an include that cannot be read"
    if not n_files:
        yield "src", "no C files"


def layers_local(table, row, header):
    if header == "build-config.h":
        return None
    target = module_of(table, header[:-2])
    if target is None:
        return f"{header} is in no row of tests/lint/layers"
    if target == row.removesuffix(".h") or target == "util/*" or any(covers(p, target) for p in table[row]):
        return None
    return f"{row} may not include {header}"


def layers_system(table, row, header):
    allowed = table.get(header)
    if allowed is None and header.startswith("<systemd/"):
        return f"{header} is in no row of tests/lint/layers"
    if allowed is None or any(covers(p, row.removesuffix(".h")) for p in allowed):
        return None
    return f"{row} may not include {header}"


CHECKS = {name[len("check_"):]: value for name, value in globals().items() if name.startswith("check_")}


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in CHECKS:
        print(f"usage: sources.py {{{' | '.join(CHECKS)}}} [TOP]", file=sys.stderr)
        return 2
    name = sys.argv[1]
    top = sys.argv[2] if len(sys.argv) == 3 else os.path.join(os.path.dirname(__file__), "../..")
    failures = [f"FAIL {name}/{where}: {why}" for where, why in CHECKS[name](os.path.abspath(top))]
    print("\n".join(failures) if failures else f"ok {name}")
    print(f"{0 if failures else 1} passed, {len(failures)} failed")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
