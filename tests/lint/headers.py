# SPDX-License-Identifier: BSD-2-Clause
"""Each header compiles alone, without warnings, and its guard says where it is."""

import concurrent.futures
import os
import re
import shlex
import shutil
import subprocess
import sys

from lint import SRCDIR, Tap, files, read

CC = shlex.split(os.environ.get("CC") or "cc")
CFLAGS = shlex.split(os.environ.get("LINT_CFLAGS") or
                     f"-std=c11 -I{SRCDIR}/stack/include -I{SRCDIR}/stack -I{SRCDIR}")


def compile_alone(path):
    """None, or the first line of the compiler's complaint."""
    run = subprocess.run(
        [*CC, *CFLAGS, "-Werror", "-Wno-unused-function", "-fsyntax-only", "-x", "c", "-"],
        input=f'#include "{os.path.join(SRCDIR, path)}"\n', capture_output=True, text=True,
        check=False)
    if run.returncode == 0:
        return None
    errors = [line for line in run.stderr.splitlines() if "error" in line]
    return f"{path}: {(errors or run.stderr.splitlines() or ['no message'])[0]}"


def guard_offence(path):
    """The guard is the path's last two names in capitals, or its whole path."""
    words = [re.sub(r"[^A-Za-z0-9]", "_", part).upper() for part in path.split("/")]
    want = {"_".join(words[start:]) for start in range(len(words) - 1)}
    text = read(path)
    found = re.search(r"^#ifndef (\w+)\n#define (\w+)\n", text, re.M)
    if not found or found.group(1) != found.group(2):
        return f"{path}: no guard; begin with #ifndef {'_'.join(words[-2:])}"
    if found.group(1) not in want:
        return f"{path}: guard {found.group(1)}; it should be {'_'.join(words[-2:])}"
    return None


def public_as_cxx(tap):
    """The public header is for C++ programs too."""
    title = "the public header compiles as C++"
    compiler = shutil.which("c++") or shutil.which("clang++")
    if not compiler:
        tap.skip(title, "apt-get install g++")
        return
    run = subprocess.run([compiler, "-std=c++11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                          f"-I{SRCDIR}/stack/include", "-x", "c++", "-"],
                         input="#include <phantom/phantom.h>\n", capture_output=True, text=True,
                         check=False)
    tap.row(title, run.stderr.splitlines()[:5])


def main():
    tap = Tap()
    headers = files((".h",))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        tap.row("each header compiles alone", [x for x in pool.map(compile_alone, headers) if x])
    tap.row("each header has the guard of its place",
            [x for x in map(guard_offence, headers) if x])
    public_as_cxx(tap)
    return tap.done()


sys.exit(main())
