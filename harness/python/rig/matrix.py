# SPDX-License-Identifier: BSD-2-Clause
"""rig matrix: requirement by device under test, from what the last run of the tests left behind.

    pass                  a test that shows it ran and passed
    fail: TEST            one that shows it failed
    deviation: WHY        docs/rfc/deviations.md (phantom), or a scenario's mark (other devices)
    not observable: WHY   docs/rfc/not-observable.csv
    none                  no test that ran shows it

Evidence is read from tests/results of a build directory: rows of unit tests (whose ids stand in
tests/unit/*.c), JUnit files of scripts (ids in the .pkt files) and of scenarios (ids in the file).
Exit status: 0, 1 when a requirement fails, 2 wrong usage, 3 no results.
"""

import argparse
import collections
import glob
import html
import json
import os
import re
import sys
import xml.etree.ElementTree as ET

from . import claims

DEVICES = ("phantom", "linux")
TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
COLOURS = {"pass": "32", "fail": "31", "deviation": "33", "not observable": "36", "none": "2"}


class Evidence:
    """What was seen: (id, device) -> list of (verdict, test, why)."""

    def __init__(self):
        self.seen = collections.defaultdict(list)
        self.devices = list(DEVICES)
        self.files = 0

    def add(self, ids, device, verdict, test, why=""):
        if device not in self.devices:
            self.devices.append(device)
        for name in ids:
            self.seen[name, device].append((verdict, test, why))

    # ---- unit tests -------------------------------------------------------------------------

    def read_unit(self, path, tree):
        program = os.path.basename(path)[:-len(".rows")]
        source = os.path.join(tree, "tests/unit", program + ".c")
        if not os.path.exists(source):
            return
        self.files += 1
        shown = claims.of_unit_tests(source)
        with open(path, encoding="utf-8") as file:
            for line in file:
                verdict, name, why = (line.rstrip("\n").split("\t") + ["", ""])[:3]
                test = name.rpartition(": ")[2]
                function = re.match(r"test_\w+", test)
                if function and function.group(0) in shown:
                    self.add(shown[function.group(0)], "phantom", verdict, f"{program}: {test}", why)

    # ---- scripts and scenarios ---------------------------------------------------------------

    def read_junit(self, path, tree):
        try:
            root = ET.parse(path).getroot()
        except (OSError, ET.ParseError) as error:
            raise SystemExit(f"rig matrix: {path} is not a JUnit file: {error}") from None
        self.files += 1
        for suite in root.iter("testsuite"):
            device = re.match(r"drill (\S+)", suite.get("name") or "")
            for case in suite.iter("testcase"):
                if device:
                    self._script(case, device.group(1), tree)
                else:
                    self._scenario(case)

    def _script(self, case, device, tree):
        name = os.path.join(case.get("classname") or "", case.get("name") or "")
        found = re.search(r"scenarios/.*", name)
        path = os.path.join(tree, found.group(0)) if found else name
        name = found.group(0) if found else name
        if os.path.exists(path):
            self.add(claims.of_script(path), device.partition(":")[2] or device, *_verdict(case, name))

    def _scenario(self, case):
        words = {p.get("name"): p.get("value") for p in case.iter("property")}
        ids = (words.get("rfc") or "").split()
        name = f"{(case.get('classname') or '').replace('.', '/')}::{case.get('name')}"
        if ids:
            self.add(ids, words.get("dut") or "phantom", *_verdict(case, name))

    def of(self, name, device):
        """What was seen under any of a row's names. A script that passes in virtual time and is known
        not to on the bench's wire shows what it shows: that the wire is otherwise is no deviation."""
        seen = [one for part in claims.names_of({"id": name})
                for one in self.seen.get((part, device), [])]
        passed = {test for verdict, test, _ in seen if verdict == "pass"}
        return [one for one in seen if one[0] != "deviation" or one[1] not in passed]

    # ---- the sum ----------------------------------------------------------------------------

    def result(self, name, device, deviates, hidden):
        """One cell, as the module's comment lists them."""
        seen = self.of(name, device)
        failed = [test for verdict, test, _ in seen if verdict == "fail"]
        if failed:
            return f"fail: {failed[0]}" + (f" and {len(failed) - 1} more" if failed[1:] else "")
        if device == "phantom" and name in deviates:
            return f"deviation: {deviates[name]}"
        marked = [why for verdict, _, why in seen if verdict == "deviation"]
        if marked:
            return f"deviation: {marked[0]}"
        if any(verdict == "pass" for verdict, _, _ in seen):
            return "pass"
        if name in hidden:
            return f"not observable: {hidden[name]}"
        skipped = [f"{test}: {why}" for verdict, test, why in seen if verdict == "skip"]
        return f"none: skipped, {skipped[0]}" if skipped else "none"


def _verdict(case, name):
    """(verdict, test, why) of a JUnit case; an expected failure is a deviation."""
    for child in case:
        message = " ".join((child.get("message") or "").split())[:200]
        if child.tag in ("failure", "error"):
            return "fail", name, message
        if child.tag == "skipped":
            marked = re.match(r"deviation of \S+: (.*)", message)
            if marked or child.get("type") == "pytest.xfail":
                return "deviation", name, marked.group(1) if marked else message
            return "skip", name, message
    return "pass", name, ""


def gather(results, tree, more):
    seen = Evidence()
    for path in sorted(glob.glob(os.path.join(results, "unit", "*.rows"))):
        seen.read_unit(path, tree)
    for path in sorted(glob.glob(os.path.join(results, "**", "*.xml"), recursive=True)) + more:
        seen.read_junit(path, tree)
    return seen


def rows(seen, tree, opts):
    """The matrix as a list of dicts: id, area, level, statement, a key per device, tests."""
    deviates, hidden = claims.deviations(tree), claims.unobservable(tree)
    source = claims.ATTACKS if opts.attacks else claims.REQUIREMENTS
    out = []
    for row in claims.table(tree, source):
        area = row["protocol"] if opts.attacks else row["area"]
        level = row["group"] if opts.attacks else row["level"]
        if (opts.area and area not in opts.area) or (opts.level and level not in opts.level):
            continue
        line = {"id": row["id"], "area": area, "level": level,
                "statement": row["what an attacker sends" if opts.attacks else "statement"]}
        for device in seen.devices:
            line[device] = seen.result(row["id"], device, deviates, hidden)
        line["tests"] = {device: sorted({test for _, test, _ in seen.of(row["id"], device)})
                         for device in seen.devices}
        out.append(line)
    return out


def kind(cell):
    return cell.partition(":")[0]


# ---- printing ----------------------------------------------------------------------------------

def paint(text, cell, colour):
    return f"\x1b[{COLOURS[kind(cell)]}m{text}\x1b[0m" if colour else text


def print_rows(matrix, devices, colour):
    width = max([len(row["id"]) for row in matrix] + [11])
    print(f"{'requirement':<{width}}  {'level':<10}  " + "  ".join(f"{d:<14}" for d in devices))
    for row in matrix:
        cells = "  ".join(paint(f"{kind(row[d]):<14}", row[d], colour) for d in devices)
        print(f"{row['id']:<{width}}  {row['level'][:10]:<10}  {cells}".rstrip())
        for device in devices:
            if ": " in row[device]:
                print(f"{'':<{width}}    {device}: {row[device]}")


def totals(matrix, devices):
    """{area: {device: Counter of kinds}}, areas in the table's order."""
    out = {}
    for row in matrix:
        area = out.setdefault(row["area"], {d: collections.Counter() for d in devices})
        for device in devices:
            area[device][kind(row[device])] += 1
    return out


def print_totals(matrix, devices, colour):
    kinds = list(COLOURS)
    print(f"\n{'area':<14} {'device':<9} " + " ".join(f"{k:>14}" for k in kinds))
    areas = totals(matrix, devices)
    if len(areas) > 1:
        areas["all of them"] = {d: sum((by[d] for by in areas.values()), collections.Counter())
                                for d in devices}
    for area, by in areas.items():
        for device in devices:
            print(f"{area[:14]:<14} {device:<9} " + " ".join(
                paint(f"{by[device][k] or '.':>14}", k, colour and by[device][k]) for k in kinds))


def print_page(matrix, devices, out):
    """One self-contained page: totals, then every row, filtered by what is typed."""
    def cell(text, *, word=None):
        return f'<td class="{kind(word or text).split()[0]}">{html.escape(text)}</td>'

    head = "".join(f"<th>{html.escape(d)}</th>" for d in devices)
    body = []
    for row in matrix:
        tests = "; ".join(f"{d}: {', '.join(row['tests'][d])}" for d in devices if row["tests"][d])
        body.append(f'<tr title="{html.escape(tests, quote=True)}"><td>{html.escape(row["id"])}</td>'
                    f'<td>{html.escape(row["area"])}</td><td>{html.escape(row["level"])}</td>'
                    f'<td>{html.escape(row["statement"])}</td>'
                    + "".join(cell(row[d]) for d in devices) + "</tr>")
    sums = []
    for area, by in totals(matrix, devices).items():
        for d in devices:
            total = sum(by[d].values())
            bars = "".join(f'<span class="{k.split()[0]}" style="width:{100 * by[d][k] / total:.2f}%" '
                           f'title="{k}: {by[d][k]}"></span>' for k in COLOURS if by[d][k])
            sums.append(f"<tr><td>{html.escape(area)}</td><td>{html.escape(d)}</td>"
                        f'<td class="bar">{bars}</td><td>{by[d]["pass"]} of {total}</td></tr>')
    with open(out, "w", encoding="utf-8") as file:
        file.write(PAGE.replace("@SUMS@", "\n".join(sums)).replace("@HEAD@", head)
                   .replace("@BODY@", "\n".join(body)))


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Requirements by device</title><style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
table { border-collapse: collapse; margin-bottom: 2em } td, th { padding: 3px 8px; text-align: left;
vertical-align: top; border-bottom: 1px solid #ddd } td.bar { width: 24em } .bar span { display:
inline-block; height: 1em } .pass { background: #bfe5bf } .fail { background: #f2a9a0 } .deviation {
background: #f5dd9d } .not { background: #cfe0f2 } .none { background: #e4e4e4 }
input { font: inherit; padding: 4px 8px; width: 24em; margin-bottom: 1em }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } td, th {
border-color: #444 } .pass { background: #23512a } .fail { background: #7a2a22 } .deviation {
background: #6a551a } .not { background: #2b4663 } .none { background: #383838 } }
</style></head><body><h1>Requirements by device</h1>
<table><tr><th>area</th><th>device</th><th>share</th><th>pass</th></tr>
@SUMS@
</table>
<input id="q" placeholder="filter: tcp MUST fail" aria-label="filter the rows">
<table id="t"><tr><th>id</th><th>area</th><th>level</th><th>requirement</th>@HEAD@</tr>
@BODY@
</table><script>
document.getElementById("q").oninput = e => {
  const words = e.target.value.toLowerCase().split(/\\s+/);
  for (const row of [...document.getElementById("t").rows].slice(1)) {
    const text = row.textContent.toLowerCase();
    row.style.display = words.every(w => text.includes(w)) ? "" : "none";
  }
};
</script></body></html>
"""


# ---- the command ---------------------------------------------------------------------------------

def options(argv):
    p = argparse.ArgumentParser(
        prog="rig matrix", description="Requirement by device under test, from the results of runs.",
        epilog="Exit status: 0; 1 a requirement fails; 2 wrong usage; 3 there are no results.")
    p.add_argument("files", nargs="*", metavar="FILE.xml",
                   help="JUnit files beside those of the results (rig run --junit)")
    p.add_argument("--results", metavar="DIR", help="where make check left them "
                   "(default: tests/results beside rig)")
    p.add_argument("--area", action="append", metavar="AREA", help="only that area; may be repeated")
    p.add_argument("--level", action="append", metavar="LEVEL", help="only MUST, SHOULD, ...")
    p.add_argument("--only", action="append", metavar="KIND", choices=list(COLOURS),
                   help="only rows where phantom's cell is that: " + ", ".join(COLOURS))
    p.add_argument("--attacks", action="store_true", help="the table of attacks instead")
    p.add_argument("--summary", action="store_true", help="only the totals by area")
    p.add_argument("--brief", action="store_true", help="only a line per device")
    p.add_argument("--json", action="store_true", help="a list of objects")
    p.add_argument("--html", metavar="FILE", help="write one self-contained page instead")
    return p.parse_args(argv)


def main(argv):
    opts = options(argv)
    results = opts.results or os.path.join(os.environ.get("RIG_BUILDDIR", "."), "tests/results")
    known = {row["area"] for row in claims.table(TREE, claims.REQUIREMENTS)}
    for area in opts.area or []:
        if not opts.attacks and area not in known:
            print(f"rig matrix: --area {area}: no such area; there are {', '.join(sorted(known))}",
                  file=sys.stderr)
            return 2
    seen = gather(results, TREE, opts.files)
    if not seen.files:
        print(f"rig matrix: no results in {results}: run make check first, or name them with "
              f"--results DIR", file=sys.stderr)
        return 3
    matrix = rows(seen, TREE, opts)
    if opts.only:
        matrix = [row for row in matrix if kind(row["phantom"]) in opts.only]
    if opts.html:
        print_page(matrix, seen.devices, opts.html)
    elif opts.json:
        json.dump(matrix, sys.stdout, indent=1)
        print()
    elif opts.brief:
        for device in seen.devices:
            count = collections.Counter(kind(row[device]) for row in matrix)
            print(f"{device}: of {len(matrix)} requirements "
                  + ", ".join(f"{count[k]} {k}" for k in COLOURS if count[k]))
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        if not opts.summary:
            print_rows(matrix, seen.devices, colour)
        print_totals(matrix, seen.devices, colour)
    return int(any(kind(row[d]) == "fail" for row in matrix for d in seen.devices))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
