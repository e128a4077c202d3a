# SPDX-License-Identifier: BSD-2-Clause
"""libphantom calls nothing and keeps no global: what the archive leaves undefined is a short list,
and it has no writable data. Also shows that the check can fail, on objects compiled to break it.
"""

import os
import shlex
import subprocess
import sys
import tempfile

from lint import Tap

ALLOWED = {
    "memcpy", "memmove", "memset", "memcmp", "memchr",
    "strlen", "strnlen", "strcmp", "strncmp", "strchr",
    # what the compiler puts in by itself
    "bcmp", "__assert_fail", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_",
    "__memcpy_chk", "__memmove_chk", "__memset_chk",
}
# Sanitizers and coverage add their own calls and their own data.
TOOL_PREFIXES = ("__asan_", "__ubsan_", "__tsan_", "__msan_", "__sanitizer_", "__odr_asan",
                 "__sancov_", "__gcov_", "__llvm_", "__unnamed_", ".L", "asan.", "_sub_")
CONST_SECTIONS = (".rodata", ".data.rel.ro", ".text", ".eh_frame", ".lrodata")
NM = shlex.split(os.environ.get("NM") or "nm")
CC = shlex.split(os.environ.get("CC") or "cc")


def symbols(path):
    """Yields (member, name, class letter, section) of each symbol nm shows."""
    out = subprocess.run([*NM, "-A", "-f", "sysv", path], check=True, text=True,
                         capture_output=True).stdout
    for line in out.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != 7:
            continue
        member, _, name = cells[0].rpartition(":")
        yield member.split(":")[-1], name.strip(), cells[2], cells[6]


def offences(path):
    """(calls to the outside, writable data), as sentences."""
    table = [row for row in symbols(path) if not row[1].startswith(TOOL_PREFIXES)]
    defined = {name for _, name, kind, _ in table if kind not in ("U", "w", "v")}
    outside, writable = set(), []
    for member, name, kind, section in table:
        if kind in ("U", "w", "v"):
            if name not in defined and name not in ALLOWED:
                outside.add(f"{member}: needs {name}; the core may call "
                            "memcpy, memmove, memset, memcmp, str* and assert")
        elif kind.lower() in ("b", "c", "d", "g", "s") and not section.startswith(CONST_SECTIONS):
            writable.append(f"{member}: {name} is writable data in {section}; "
                            "make it const, or put it in struct ph_stack")
    return sorted(outside), writable


# name of the case, C text, which list must name it (None: neither)
CASES = (
    ("a call to malloc is found",
     "#include <stdlib.h>\nvoid *f(void);\nvoid *f(void) { return malloc(8); }\n", 0),
    ("a call to clock_gettime is found",
     "#include <time.h>\nint f(struct timespec *t);\n"
     "int f(struct timespec *t) { return clock_gettime(0, t); }\n", 0),
    ("a call to printf is found",
     "#include <stdio.h>\nvoid f(int x);\nvoid f(int x) { printf(\"%d\", x); }\n", 0),
    ("a global counter is found", "int counter;\n", 1),
    ("a static counter in a function is found",
     "int f(void);\nint f(void) { static int n; return ++n; }\n", 1),
    ("an initialised table that can be written is found",
     "extern int *table[2];\nint *table[2] = { 0, (int *)8 };\n", 1),
    ("a thread-local is found", "_Thread_local int tls = 1;\n", 1),
    ("constant tables and memcpy are accepted",
     "#include <string.h>\nextern const char *const names[];\n"
     "const char *const names[] = { \"a\", \"b\" };\nvoid f(char *d, const char *s, size_t n);\n"
     "void f(char *d, const char *s, size_t n) { memcpy(d, s, n); }\n", None),
)


def self_test(tap):
    for name, text, which in CASES:
        with tempfile.TemporaryDirectory() as directory:
            source = os.path.join(directory, "case.c")
            archive = os.path.join(directory, "libcase.a")
            with open(source, "w", encoding="utf-8") as f:
                f.write(text)
            subprocess.run([*CC, "-O1", "-fPIE", "-c", source, "-o", source[:-1] + "o"],
                           check=True)
            subprocess.run(["ar", "cr", archive, source[:-1] + "o"], check=True)
            found = offences(archive)
            wrong = [bool(found[0]), bool(found[1])] != [which == 0, which == 1]
            tap.row(name, [f"found {found}"] if wrong else [])


def main():
    tap = Tap()
    outside, writable = offences("libphantom.a")
    tap.row("libphantom needs nothing from the system", outside)
    tap.row("libphantom has no writable data", writable)
    self_test(tap)
    return tap.done()


sys.exit(main())
