# SPDX-License-Identifier: BSD-2-Clause
"""Who claims to show what: the ids of docs/rfc that scripts, unit tests and tables name.

A claim is made beside the test, in the comment before it: `// rfc: 9293:MUST-3, 6298:5-1` in a
script, `/* rfc: 9293:MUST-3 */` before a unit test's function, `@pytest.mark.rfc(...)` on a scenario
(which the plugin writes into the results). `attack:` names rows of attacks.csv the same way,
by one of the names that a row lists, with - for a space: CVE-2018-5391, SACK-reneging.
Read by rig matrix and by tests/lint/claims.py.
"""

import csv
import os
import re

REQUIREMENTS = "docs/rfc/requirements.csv"
ATTACKS = "docs/rfc/attacks.csv"
BORNE = "docs/rfc/attacks.md"
DEVIATIONS = "docs/rfc/deviations.md"
UNOBSERVABLE = "docs/rfc/not-observable.csv"

_CLAIM = re.compile(r"\b(?:rfc|attack):[ \t]+((?:(?!\b(?:rfc|attack):)[^\n*])+)")
_ID = re.compile(r"[\w.]+:[\w.-]*\w|[A-Z][\w/-]*-[\w/.-]*\w|\d{3,4}")
_MARK = re.compile(r"@pytest\.mark\.rfc\(([^)]*)\)")
_UNIT_TEST = re.compile(r"^(?:static )?void (test_\w+)\(", re.M)
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_NEXT_LINE = re.compile(r"\n[ \t]*\*(?!/)[ \t]*")  # a C comment's list of ids may go on there


def ids_in(text):
    """The ids after each `rfc:` or `attack:` in a comment's text, in order; prose may follow."""
    out = []
    for claim in _CLAIM.findall(_NEXT_LINE.sub(" ", text)):
        for word in re.split(r"[,\s]+", claim.strip()):
            name = _ID.match(word)
            if not name or word[name.end():].strip(":;."):
                break
            out.append(name.group(0))
            if word != name.group(0):
                break
    return out


def of_script(path):
    """The ids that a .pkt file names in its comments."""
    with open(path, encoding="utf-8") as file:
        return ids_in("\n".join(re.findall(r"//[^\n]*|/\*.*?\*/", file.read(), re.S)))


def of_unit_tests(path):
    """{function: ids} of a C file: named in the comments right before a test, or inside it."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    out = {}
    for test in _UNIT_TEST.finditer(text):
        before = text[:test.start()].rstrip()
        end = text.find("\n}", test.end())
        ids = ids_in("\n".join(_COMMENT.findall(text[test.end():end])))
        while before.endswith("*/"):  # several comments may stand above each other
            begin = before.rfind("/*")
            ids = ids_in(before[begin:]) + ids
            before = before[:begin].rstrip()
        if ids:
            out[test.group(1)] = ids
    return out


def of_scenario(path):
    """The ids that the marks of a test_*.py name."""
    with open(path, encoding="utf-8") as file:
        return [slug(name) for mark in _MARK.findall(file.read())
                for name in re.findall(r"""["']([^"']+)["']""", mark)]


def not_shown(tree):
    """{name: reason} of the attacks that no test can show, from the first table of attacks.md."""
    path = os.path.join(tree, BORNE)
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        first = file.read().split("\nWhat bounds", 1)[0]
    rows = re.findall(r"^\| ([^|]*?) \| ([^|]+?) \|$", first, re.M)
    return dict(rows[1:])  # below the table's head


def table(tree, name):
    """The rows of a table of docs/rfc as dicts; none when the file is not there."""
    path = os.path.join(tree, name)
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def slug(name):
    """An id as a claim can name it."""
    return name.strip().replace(" ", "-")


def names_of(row):
    """Every name that a claim may use for a row of a table: rows of attacks have several."""
    return [slug(name) for name in row["id"].split(",")]


def known(tree):
    """All names of both tables; empty when they are not there (an installed tree)."""
    return {name for path in (REQUIREMENTS, ATTACKS) for row in table(tree, path)
            for name in names_of(row)}


def deviations(tree):
    """{id: what phantom does instead, and why} from the table in deviations.md."""
    out = {}
    path = os.path.join(tree, DEVIATIONS)
    if not os.path.exists(path):
        return out
    with open(path, encoding="utf-8") as file:
        for line in file:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|") or len(cells) < 5 or cells[0] in ("RFC", "---"):
                continue
            for name in re.split(r"[,\s]+", cells[2].replace("`", "")):
                if name:
                    out[name] = f"{cells[3]} ({cells[4]})"
    return out


def unobservable(tree):
    """{id: reason} of what no packet and no call can show."""
    return {row["id"]: row["reason"] for row in table(tree, UNOBSERVABLE)}
