# SPDX-License-Identifier: BSD-2-Clause
"""The experiments that ship: a part of each in virtual time, held to its source; each has its page; and the
expectations can fail."""

import os
import re
import subprocess
import sys

import pytest

from rig import lab_store

SRCDIR = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(SRCDIR, "tests", "lab")
PAGES = os.path.join(SRCDIR, "docs", "experiments")
sys.path.insert(0, LAB)

import expectations  # noqa: E402
from results import Broken, Results  # noqa: E402

NAMES = [experiment.name for experiment in expectations.ALL]


def run(name, out):
    return subprocess.run([sys.executable, os.path.join(LAB, "run"), "--quick", "--out", str(out), name],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


@pytest.mark.parametrize("experiment", expectations.ALL, ids=NAMES)
def test_a_part_of_it_holds_and_can_fail(experiment, tmp_path):
    ended = run(experiment.name, tmp_path)
    assert ended.returncode == 0, ended.stdout
    assert re.search(r"\d+ points, [1-9]\d* expectations hold", ended.stdout)
    # Had the factors no effect, no source would be right: what was measured at the first point, everywhere.
    points = sorted((tmp_path / experiment.name / "points").glob("*/result.json"))
    for one in points:
        lab_store.write(str(one), points[0].read_text())
    table = tmp_path / experiment.name / "results.csv"
    rows = [row.split(",") for row in table.read_text().splitlines()]
    at = rows[0].index("verdict")
    table.write_text("".join(",".join(row[:at] + (rows[1][at:] if n else row[at:])) + "\n"
                             for n, row in enumerate(rows)))
    with pytest.raises(Broken):
        experiment.check(Results(str(tmp_path / experiment.name), experiment.extra))


def test_each_has_a_file_a_page_and_its_plots():
    files = {name.split(".")[0] for name in os.listdir(os.path.join(SRCDIR, "scenarios", "experiments"))
             if name.endswith(".toml")}
    assert files == {*NAMES, "first"}
    with open(os.path.join(PAGES, "README.md"), encoding="utf-8") as file:
        index = file.read()
    for name in NAMES:
        assert f"[{name}]({name}.md)" in index
        with open(os.path.join(PAGES, f"{name}.md"), encoding="utf-8") as file:
            page = file.read()
        plots = re.findall(r"!\[[^]]+\]\(([^)]+)\)", page)
        assert plots and all(os.path.exists(os.path.join(PAGES, plot)) for plot in plots)
        for engine in ("virtual", "wire"):
            assert re.search(rf"<!-- {engine} -->\n\n(!\[[^\n]*\n\n)?\| `", page), \
                f"{name}.md has no table: make lab"


def test_a_name_that_is_none_is_said(tmp_path):
    ended = run("nothing", tmp_path)
    assert ended.returncode == 2 and "no experiment nothing; there are loss, " in ended.stdout
