# SPDX-License-Identifier: BSD-2-Clause
"""rig matrix says what the results show, no more: each kind of cell from a run that was written here."""

import json
import subprocess

import pytest

from rig.session import find_program

JUNIT = """<testsuites><testsuite name="pytest">
<testcase classname="scenarios.tcp.test_x" name="test_shown[phantom]">
  <properties><property name="rfc" value="9293:MUST-3 6298:5-1"/>
  <property name="dut" value="phantom"/></properties>
</testcase>
<testcase classname="scenarios.tcp.test_x" name="test_shown[linux]">
  <properties><property name="rfc" value="9293:MUST-3"/><property name="dut" value="linux"/></properties>
  <skipped type="pytest.xfail" message="deviation of linux: it has its reasons"/>
</testcase>
<testcase classname="scenarios.tcp.test_x" name="test_broken[phantom]">
  <properties><property name="rfc" value="6298:5-1"/><property name="dut" value="phantom"/></properties>
  <failure message="no"/>
</testcase>
<testcase classname="scenarios.tcp.test_x" name="test_left_out[phantom]">
  <properties><property name="rfc" value="6298:5-3"/><property name="dut" value="phantom"/></properties>
  <skipped message="no netem"/>
</testcase>
</testsuite></testsuites>"""


def matrix(*args, status=0):
    run = subprocess.run([find_program("rig"), "matrix", *args], capture_output=True, text=True,
                         check=False)
    assert run.returncode == status, run.stderr
    return run.stdout if status in (0, 1) else run.stderr


def cells(results, *args, status=0):
    rows = json.loads(matrix("--results", str(results), "--json", *args, status=status))
    return {row["id"]: row for row in rows}


@pytest.fixture
def results(tmp_path):
    (tmp_path / "junit.xml").write_text(JUNIT)
    return tmp_path


def test_each_cell_is_what_was_run(results):
    rows = cells(results, status=1)
    assert rows["9293:MUST-3"]["phantom"] == "pass"
    assert rows["9293:MUST-3"]["linux"] == "deviation: it has its reasons"
    assert rows["6298:5-1"]["phantom"].startswith("fail: scenarios/tcp/test_x::test_broken")
    assert rows["6298:5-3"]["phantom"].startswith("none: skipped")
    assert rows["6298:5-2"]["phantom"] == "none" == rows["6298:5-1"]["linux"]
    assert {"id", "area", "level", "phantom", "linux"} <= rows["6298:5-1"].keys()


def test_a_requirement_departed_from_is_a_deviation_whatever_else_passes(tmp_path):
    (tmp_path / "junit.xml").write_text(JUNIT.replace("9293:MUST-3 6298:5-1", "9293:MUST-13"))
    cell = cells(tmp_path, status=1)["9293:MUST-13"]["phantom"]
    assert cell.startswith("deviation: ") and "Linux" in cell


def test_scripts_name_their_requirements_themselves(results, tmp_path, pytestconfig):
    script = next(path for path in sorted((pytestconfig.rootpath / "scenarios").rglob("*.pkt"))
                  if "// rfc: 9293:" in path.read_text())
    where = str(script.relative_to(pytestconfig.rootpath))
    (tmp_path / "scripts.xml").write_text(
        f'<testsuite name="drill linux"><testcase classname="{where.rpartition("/")[0]}/" '
        f'name="{script.name}"/></testsuite>')
    name = script.read_text().split("// rfc: ")[1].split()[0].strip(",")
    assert cells(results, status=1)[name]["linux"] in ("pass", "deviation: it has its reasons")


def test_an_expected_failure_is_a_deviation_and_no_pass(tmp_path):
    (tmp_path / "odd.pkt").write_text("// rfc: 9293:MUST-3\n"
                                      "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 listen(3, 1) = -1\n")
    (tmp_path / "expect").write_text("# Another matter.\nother.pkt phantom fail\n\n"
                                     "# It listens\n# all the same.\nodd.pkt phantom fail\n")
    subprocess.run([find_program("rig"), "run", "--no-evidence", "--expect", str(tmp_path / "expect"),
                    "--junit", str(tmp_path / "junit.xml"), str(tmp_path / "odd.pkt")],
                   check=True, capture_output=True)
    assert cells(tmp_path)["9293:MUST-3"]["phantom"] == "deviation: It listens all the same."


def test_what_passes_in_virtual_time_is_not_undone_by_the_wire(results, tmp_path):
    text = JUNIT.replace("test_broken[phantom]", "test_shown[phantom]")
    (tmp_path / "junit.xml").write_text(text.replace(
        '<failure message="no"/>', '<skipped type="pytest.xfail" message="deviation of phantom: a wire"/>'))
    assert cells(results)["6298:5-1"]["phantom"] == "pass"


def test_an_area_narrows_and_an_unknown_one_is_refused(results):
    rows = cells(results, "--area", "udp")
    assert rows and {row["area"] for row in rows.values()} == {"udp"}
    assert "there are" in matrix("--results", str(results), "--area", "tpc", status=2)


def test_no_results_are_no_matrix(tmp_path):
    assert "run make check first" in matrix("--results", str(tmp_path), status=3)


def test_the_page_holds_every_row(results, tmp_path):
    matrix("--results", str(results), "--html", str(tmp_path / "page.html"), status=1)
    page = (tmp_path / "page.html").read_text()
    assert page.count("<tr title") == len(cells(results, status=1))
    assert 'class="fail"' in page and "http" not in page.replace("http://www.w3.org", "").split("<body>")[0]
