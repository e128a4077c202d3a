# SPDX-License-Identifier: BSD-2-Clause
"""Functions of at most 70 lines, files of at most 800, lines of at most 110 columns (100 is the habit)."""

import re
import sys

from lint import Tap, blank, files, read

FUNCTION_MAX = 70
FILE_MAX = 800
COLUMNS_MAX = 110


def functions(text):
    """Yields (name, first line, number of lines) of each function defined in C text."""
    code = blank(text)
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group()), code,
                  flags=re.M)
    depth, start = 0, 0
    begin = None
    for at, char in enumerate(code):
        if char == "{":
            if depth == 0:
                head = code[start:at]
                name = re.search(r"(\w+)\s*\(", head)
                if name and "=" not in head and head.rstrip().endswith(")"):
                    lead = len(head) - len(head.lstrip())
                    begin = (name.group(1), code.count("\n", 0, start + lead) + 1)
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                if begin:
                    last = code.count("\n", 0, at) + 1
                    yield begin[0], begin[1], last - begin[1] + 1
                begin = None
                start = at + 1
        elif char == ";" and depth == 0:
            start = at + 1


def too_long(path):
    return [f"{path}:{line}: {name} has {count} lines; {FUNCTION_MAX} are allowed"
            for name, line, count in functions(read(path)) if count > FUNCTION_MAX]


def self_test(tap):
    body = "\tx++;\n"
    head = "static int\nf(int x)\n{\n"
    cases = (
        (head + body * (FUNCTION_MAX - 4) + "}\n", 0),
        (head + body * (FUNCTION_MAX - 3) + "}\n", 1),
        ("struct s {\n" + "\tint x;\n" * 100 + "};\n", 0),
        ("static const int t[] = {\n" + "\t1,\n" * 100 + "};\n", 0),
        ("int f(void) { return '{'; } /* { */\nint g(void)\n{\n" + body * 80 + "}\n", 1),
        ("#define M(x) do { \\\n" + "\tx; \\\n" * 100 + "} while (0)\nint f(void) { return 1; }\n",
         0),
    )
    wrong = []
    for number, (text, want) in enumerate(cases):
        got = sum(count > FUNCTION_MAX for _, _, count in functions(text))
        if got != want:
            wrong.append(f"case {number}: {got} long functions found, {want} are there")
    tap.row("long functions are found", wrong)


def main():
    tap = Tap()
    sources = files((".c", ".h"))
    tap.row(f"functions have at most {FUNCTION_MAX} lines",
            [line for path in sources for line in too_long(path)])
    lengths = [(path, read(path).count("\n")) for path in files((".c", ".h", ".def"))]
    tap.row(f"files have at most {FILE_MAX} lines",
            [f"{path} has {count} lines; {FILE_MAX} are allowed"
             for path, count in lengths if count > FILE_MAX])
    tap.row(f"lines have at most {COLUMNS_MAX} columns",
            [f"{path}:{number}: {len(line.expandtabs(8))} columns; {COLUMNS_MAX} are allowed"
             for path in sources + files((".py",), ("harness", "scenarios", "tests"))
             for number, line in enumerate(read(path).splitlines(), 1)
             if len(line.expandtabs(8)) > COLUMNS_MAX])
    self_test(tap)
    return tap.done()


sys.exit(main())
