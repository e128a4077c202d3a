# SPDX-License-Identifier: BSD-2-Clause
"""Turns pytest's JUnit file into the rows tests/run-check counts.

junit-rows.py STATUS FILE: STATUS is what pytest ended with. One row per case,
"pass|fail|skip TAB name TAB detail"; a run that ended badly without a failing case gets a row too.
"""

import sys
import xml.etree.ElementTree as ET

PYTEST_ENDS = {
    2: "was interrupted",
    3: "had an internal error",
    4: "was called wrongly",
    5: "found no case",
}


def one_line(text):
    return " ".join((text or "").split())[:300]


def rows(path):
    """Yields (verdict, name, detail) of each case in the file."""
    for case in ET.parse(path).getroot().iter("testcase"):
        where = (case.get("classname") or "").replace(".", "/")
        name = f"{where}::{case.get('name')}"
        verdict, detail = "pass", ""
        for child in case:
            if child.tag in ("failure", "error"):
                verdict, detail = "fail", one_line(child.get("message"))
            elif child.tag == "skipped" and verdict == "pass":
                verdict, detail = "skip", one_line(child.get("message")) or "no reason given"
                if child.get("type") == "pytest.xfail":
                    detail = "expected to fail: " + detail
        yield verdict, name, detail


def main(argv):
    status, path = int(argv[1]), argv[2]
    failed = False
    try:
        for verdict, name, detail in rows(path):
            failed |= verdict == "fail"
            print(verdict, name, detail, sep="\t")
    except (OSError, ET.ParseError):
        status = status or 3
    if status != 0 and not failed:
        what = PYTEST_ENDS.get(status, f"ended with status {status}")
        print("fail", "scenarios", f"pytest {what}", sep="\t")


main(sys.argv)
