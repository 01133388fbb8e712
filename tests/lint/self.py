#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that each check of sources.py can fail: a scratch tree for every kind of fault."""
import os
import sys
import tempfile

import sources

C = "/* SPDX-License-Identifier: Apache-2.0 */\n"
SH = "#!/bin/bash\n# SPDX-License-Identifier: Apache-2.0\n"
TABLE = "tests/lint/layers", "util/*:\nlow/a:\nlow/b: low/a\nlow/v.h:\nlow/v: low/b\n<jansson.h>: low/b\n"
HOME = "/ho" + "me/"


def function(n_lines):
    return C + "static int f(int a,\n             int b) {\n" + "        a++;\n" * (n_lines - 3) + "}\n"


# (name, check, {file: text}, where it must be found or None)
CASES = [
    ("spdx_good", "spdx", {"src/a.c": C, "tests/x": SH}, None),
    ("spdx_missing_in_c", "spdx", {"src/a.c": "int a;\n" + C}, "src/a.c"),
    ("spdx_missing_in_script", "spdx", {"tests/x": "#!/bin/sh\n\n# SPDX"}, "tests/x"),
    ("c_of_600_lines", "sizes", {"src/a.c": C * 600}, None),
    ("c_of_601_lines", "sizes", {"src/a.c": C * 601}, "src/a.c"),
    ("header_of_150_lines", "sizes", {"src/a.h": C * 150}, None),
    ("header_of_151_lines", "sizes", {"src/a.h": C * 151}, "src/a.h"),
    ("function_of_70_lines", "sizes", {"src/a.c": function(70)}, None),
    ("function_of_71_lines", "sizes", {"src/a.c": function(71)}, "src/a.c"),
    ("table_is_no_function", "sizes", {"src/a.c": "static int a[N(2)] = {\n" + "1,\n" * 80 + "};\n"}, None),
    ("left_over_word", "words", {"src/a.c": "/* TO" + "DO: this */\n"}, "src/a.c:1"),
    ("path_of_one_machine", "words", {"README.md": "\nsee " + HOME + "joe/x\n"}, "README.md:2"),
    ("path_of_the_design", "words", {"README.md": "see " + HOME + "web/.config\n"}, None),
    ("python_syntax", "python", {"tests/x": "#!/usr/bin/env python3\nif:\n"}, "tests/x"),
    ("layer_kept", "layers", {"src/low/b.c": '#include "low/a.h"\n#include "util/x.h"\n#include <jansson.h>\n'}, None),
    ("layer_broken", "layers", {"src/low/a.c": '\n#include "low/b.h"\n'}, "src/low/a.c:2"),
    ("layer_broken_by_part", "layers", {"src/low/a-part.h": '#  include "low/b.h"\n'}, "src/low/a-part.h:1"),
    ("layer_of_a_header_alone", "layers", {"src/low/v.c": '#include "low/v.h"\n#include "low/b.h"\n',
                                           "src/low/v.h": '#include "low/b.h"\n'}, "src/low/v.h:1"),
    ("third_party_header_elsewhere", "layers", {"src/low/a.c": "#include <jansson.h>\n"}, "src/low/a.c:1"),
    ("system_header_unknown", "layers", {"src/low/a.c": "#include <systemd/sd-bus.h>\n"}, "src/low/a.c:1"),
    ("module_without_row", "layers", {"src/low/c.c": C}, "src/low/c.c"),
    ("no_source_at_all", "layers", {}, "src"),
]


def main():
    n_failed = 0
    for name, check, texts, where in CASES:
        with tempfile.TemporaryDirectory() as top:
            for path, text in [TABLE, *texts.items()]:
                os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
                with open(os.path.join(top, path), "w", encoding="utf-8") as file:
                    file.write(text)
            found = [w for w, _ in sources.CHECKS[check](top)]
        if found != ([where] if where else []):
            print(f"FAIL self/{name}: found {found}, not {where}")
            n_failed += 1
    if not n_failed:
        print(f"ok self ({len(CASES)} cases)")
    print(f"{len(CASES) - n_failed} passed, {n_failed} failed")
    return bool(n_failed)


if __name__ == "__main__":
    sys.exit(main())
