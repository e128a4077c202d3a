# SPDX-License-Identifier: BSD-2-Clause
"""Shell scripts parse, and satisfy shellcheck where it is installed."""

import os
import shutil
import subprocess
import sys

from lint import SRCDIR, Tap


SHELLS = (b"sh", b"bash")


def scripts():
    """Files that say they are for sh, relative to the source tree."""
    found = []
    for top in ("quickstart", ".ci", "tests", "scenarios", "docs"):
        path = os.path.join(SRCDIR, top)
        walk = os.walk(path) if os.path.isdir(path) else [(SRCDIR, [], [top])]
        for here, _, names in walk:
            for name in names:
                file = os.path.join(here, name)
                if not os.path.isfile(file):
                    continue
                with open(file, "rb") as f:
                    first = f.readline()
                if first.startswith(b"#!") and first.split(b"/")[-1].split()[-1] in SHELLS:
                    found.append(os.path.relpath(file, SRCDIR))
    return sorted(found)


def complaints(command, paths):
    wrong = []
    for path in paths:
        run = subprocess.run([*command, os.path.join(SRCDIR, path)], capture_output=True,
                             text=True, check=False)
        if run.returncode:
            wrong += (run.stdout + run.stderr).splitlines()
    return wrong


def main():
    tap = Tap()
    paths = scripts()
    tap.row("shell scripts parse", complaints(["sh", "-n"], paths))
    if shutil.which("shellcheck"):
        tap.row("shell scripts satisfy shellcheck",
                complaints(["shellcheck", "-S", "info"], paths))
    else:
        tap.skip("shell scripts satisfy shellcheck", "apt-get install shellcheck")
    return tap.done()


sys.exit(main())
