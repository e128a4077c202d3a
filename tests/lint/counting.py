# SPDX-License-Identifier: BSD-2-Clause
"""make check counts right: tests/run-check is given programs that pass, fail, skip, crash, hang and
lie about their plan, and its last line and exit status must say so. The same for pytest's file.
"""

import os
import subprocess
import sys
import tempfile

from lint import SRCDIR, Tap

# name: (what the program does, passed, failed, skipped)
PROGRAMS = {
    "passes": ("echo 1..2; echo ok 1 - a; echo noise; echo ok 2 - b", 2, 0, 0),
    "fails": ("echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1", 1, 1, 0),
    "skips": ("echo 1..1; echo 'skip: no tun'; echo 'not ok 1 # SKIP a'", 0, 0, 1),
    "skips_as_a_whole": ("echo 'skip: no privilege'; exit 77", 0, 0, 1),
    "has_two_groups": ("echo 1..1; echo ok 1 - a; echo 1..1; echo ok 1 - b", 2, 0, 0),
    "crashes": ("echo 1..2; echo ok 1 - a; kill -SEGV $$", 1, 1, 0),
    "says_nothing": ("exit 0", 0, 1, 0),
    "stops_early": ("echo 1..2; echo ok 1 - a", 1, 1, 0),
    "leaks": ("echo 1..1; echo ok 1 - a; exit 23", 1, 1, 0),
    "hangs": ("echo 1..1; echo ok 1 - a; exec sleep 600", 1, 1, 0),
}

JUNIT = """<testsuites><testsuite>
<testcase classname="scenarios.arp.test_a" name="test_good"/>
<testcase classname="scenarios.arp.test_a" name="test_bad"><failure message="no reply"/></testcase>
<testcase classname="scenarios.arp.test_a" name="test_broken"><error message="x"/></testcase>
<testcase classname="scenarios.arp.test_a" name="test_not_here">
<skipped type="pytest.skip" message="needs tun"/></testcase>
</testsuite></testsuites>
"""


def run_check(directory, names):
    """The last line and the exit status of run-check over the named programs."""
    os.makedirs(os.path.join(directory, "tests"), exist_ok=True)
    for name in names:
        path = os.path.join(directory, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{PROGRAMS[name][0]}\n")
        os.chmod(path, 0o755)
    env = {**os.environ, "SRCDIR": SRCDIR, "UNIT_TESTS": " ".join(names), "UNIT_MISSING": "",
           "CHECK_TIMEOUT": "1" if "hangs" in names else "60", "JOBS": "2"}
    run = subprocess.run(["sh", os.path.join(SRCDIR, "tests/run-check"), "unit"], cwd=directory,
                         env=env, capture_output=True, text=True, check=False)
    return run.stdout.splitlines()[-1], run.returncode


def expect(tap, title, names):
    with tempfile.TemporaryDirectory() as directory:
        passed, failed, skipped = (sum(PROGRAMS[n][i] for n in names) for i in (1, 2, 3))
        want = (f"{passed} passed, {failed} failed, {skipped} skipped", 1 if failed else 0)
        got = run_check(directory, names)
        tap.row(title, [] if got == want else [f"expected {want}, got {got}"])


def junit(status, text):
    """The rows that junit-rows.py makes of a file's text."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "junit.xml")
        if text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        run = subprocess.run([sys.executable, os.path.join(SRCDIR, "tests/junit-rows.py"),
                              str(status), path], capture_output=True, text=True,
                             check=False)
        return [tuple(line.split("\t")) for line in run.stdout.splitlines()]


def main():
    tap = Tap()
    for name in PROGRAMS:
        expect(tap, f"a program that {name.replace('_', ' ')} is counted", [name])
    expect(tap, "several programs are summed", ["passes", "fails", "skips", "crashes"])

    verdicts = [row[0] for row in junit(1, JUNIT)]
    tap.row("scenario cases are counted by their verdict",
            [] if verdicts == ["pass", "fail", "fail", "skip"] else [f"got {verdicts}"])
    wrong = []
    for status, text in ((3, None), (5, "<testsuites/>"), (1, "<testsuites/>"), (1, "<cut"),
                         (-9, None)):
        rows = junit(status, text)
        if [row[0] for row in rows] != ["fail"]:
            wrong.append(f"status {status} with {text!r} gave {rows}")
    tap.row("a pytest that ended badly is a failure even without a failed case", wrong)
    return tap.done()


sys.exit(main())
