# SPDX-License-Identifier: BSD-2-Clause
"""rig lab: what is in the table after runs that end well, are killed, crash, or find the disk full."""

import io
import json
import os
import shutil
import signal
import subprocess

import pytest
from labs import FILE, Labs

from rig import lab_progress, lab_run, lab_store
from rig.net import eventually


@pytest.fixture
def labs(tmp_path):
    return Labs(tmp_path)


def test_a_row_for_every_combination_in_the_order_of_the_file(labs):
    labs.run("-j2")
    rows = labs.rows()
    assert [(r["point"], r["loss"], r["rtt"], r["seed"]) for r in rows] == [
        ("0", "0%", "10ms", "1"), ("1", "0%", "10ms", "2"), ("2", "0%", "40ms", "1"),
        ("3", "0%", "40ms", "2"), ("4", "1%", "10ms", "1"), ("5", "1%", "10ms", "2"),
        ("6", "1%", "40ms", "1"), ("7", "1%", "40ms", "2")]
    assert {r["verdict"] for r in rows} == {"pass"}
    assert rows[0]["dropped"] == "10" and rows[0]["completion_p50_s"] == "0.2"
    assert rows[0]["retransmitted_share"] == "0.01"
    assert labs.sql("SELECT point, loss, goodput_bps FROM points ORDER BY point") == [
        (int(r["point"]), r["loss"], float(r["goodput_bps"])) for r in rows]
    assert labs.sql("SELECT dropped FROM links WHERE point = 3") == [("loss:7 queue full:3",)]
    assert "link b.e0 loss 1% delay 20ms" in labs.point(6)["topology"]


def test_the_table_is_the_same_with_one_job_and_with_two(labs):
    labs.run("-j1")
    first = (labs.out / "results.csv").read_bytes()
    shutil.rmtree(labs.out)
    labs.run("-j2")
    assert (labs.out / "results.csv").read_bytes() == first


def test_nothing_is_computed_twice(labs):
    labs.run("-j2")
    labs.run("-j2")
    assert sorted(p for p, _ in labs.runs()) == list(range(8))


def test_a_value_more_computes_only_the_new_points(labs):
    labs.run("-j2")
    before = {(r["loss"], r["rtt"], r["seed"]): r["goodput_bps"] for r in labs.rows()}
    labs.file(FILE.replace('loss = ["0%", "1%"]', 'loss = ["0%", "0.5%", "1%"]'))
    labs.run("-j2")
    assert len(labs.runs()) == 12 and len(labs.rows()) == 12
    after = {(r["loss"], r["rtt"], r["seed"]): r["goodput_bps"] for r in labs.rows()}
    assert {key: after[key] for key in before} == before
    assert all(json.loads((labs.out / f"points/{n:04d}/point.json").read_text())["point"] == n
               for n in range(12))


def test_results_of_another_file_are_not_taken_for_this_ones(labs):
    labs.run("-j2")
    labs.file(FILE.replace('"1s"', '"2s"'))
    assert labs.run("--list").stdout.count("pending") == 8
    labs.run("--point", "0")
    assert len(labs.runs()) == 9 and [r["verdict"] for r in labs.rows()] == ["pass"] + ["pending"] * 7


def test_a_value_taken_away_and_given_back_is_remembered(labs):
    labs.run("-j2")
    labs.file(FILE.replace('loss = ["0%", "1%"]', 'loss = ["1%"]'))
    assert "kept aside" in labs.run("-j2").stderr
    assert len(labs.rows()) == 4 and labs.sql("SELECT count(*) FROM points") == [(4,)]
    labs.file(FILE)
    labs.run("-j2")
    assert len(labs.rows()) == 8 and len(labs.runs()) == 8


def test_a_run_that_was_killed_goes_on_where_it_was(labs):
    labs.factor('"net.test.mode" = ["ok", "wait"]')
    lab = labs.start("-j1")
    eventually(lambda: len(labs.runs()) == 9, 120, "the first point that waits")
    stuck = labs.runs()[-1]
    lab.kill()
    lab.communicate()
    eventually(lambda: not os.path.exists(f"/proc/{stuck[1]}"), 120, "the point dying with rig lab")
    assert {r["verdict"] for r in labs.rows()[8:]} == {"pending"}
    assert labs.sql("SELECT count(*) FROM points WHERE verdict = 'pass'") == [(8,)]
    (labs.path / "go").touch()
    labs.run("-j2")
    runs = [point for point, _ in labs.runs()]
    assert sorted(runs) == sorted([*range(16), stuck[0]]), "one was lost or done twice"
    assert {r["verdict"] for r in labs.rows()} == {"pass"}
    assert not [name for name in os.listdir(labs.out / "points") if ".new." in name]


def test_an_interruption_leaves_a_table_that_can_be_read(labs):
    labs.factor('"net.test.mode" = ["ok", "wait"]')
    lab = labs.start("-j2")
    eventually(lambda: len(labs.runs()) == 10, 120, "two points that wait")
    lab.send_signal(signal.SIGINT)
    _, said = lab.communicate(timeout=600)
    assert lab.returncode == 130 and "8 points are left" in said
    assert [r["verdict"] for r in labs.rows()] == ["pass"] * 8 + ["pending"] * 8
    assert not [name for name in os.listdir(labs.out / "points") if ".new." in name]


def test_a_device_that_crashes_costs_its_point_and_no_other(labs):
    labs.factor('"net.test.mode" = ["crash", "ok"]')
    done = labs.run("-j2", status=1)
    rows = labs.rows()
    assert [r["verdict"] for r in rows] == ["error"] * 8 + ["pass"] * 8
    assert rows[0]["reason"] == "the runner was ended by SIGSEGV: the stack fell over"
    assert "8 pass, 8 error" in done.stdout and "SIGSEGV" in done.stdout
    assert labs.sql("SELECT reason FROM points WHERE point = 0") == [(rows[0]["reason"],)]
    labs.run("-j2", status=1)
    assert len(labs.runs()) == 24, "what crashed is tried again, what passed is not"


def test_a_verdict_of_the_runner_stands_in_the_table_and_is_not_run_again(labs):
    labs.factor('"net.test.mode" = ["fail"]')
    labs.run("-j2", status=1)
    assert {(r["verdict"], r["reason"]) for r in labs.rows()} == {("fail", "an octet that was not sent")}
    labs.run("-j2", status=1)
    assert len(labs.runs()) == 8


def test_a_point_run_again_is_the_run_of_the_table(labs):
    labs.run("-j2")
    before = (labs.out / "results.csv").read_bytes()
    done = labs.run("--point", "3", "--series", "--capture")
    assert "bit for bit the run of the table" in done.stdout
    assert (labs.out / "points/0003/series.jsonl").exists()
    assert json.loads((labs.out / "points/0003/run.json").read_text())["captures"].keys() == {"b.e0.pcapng"}
    assert (labs.out / "results.csv").read_bytes() == before


def test_a_point_that_is_not_the_run_of_the_table_is_told(labs):
    labs.factor('"net.test.mode" = ["unsteady"]')
    labs.run("-j2")
    done = labs.run("--point", "3", status=1)
    assert "not the run of the table: digest" in done.stdout


def test_a_single_point_stands_in_the_table_before_the_others(labs):
    labs.run("--point", "5")
    assert [r["verdict"] for r in labs.rows()] == ["pending"] * 5 + ["pass"] + ["pending"] * 2
    labs.run("-j2")
    assert len(labs.runs()) == 8


def test_two_runs_do_not_share_a_directory(labs):
    labs.factor('"net.test.mode" = ["wait"]')
    first = labs.start("-j1")
    eventually(labs.runs, 120, "the first run being under way")
    assert "another rig lab is at work" in labs.run(status=1).stderr
    first.kill()
    first.communicate()


def test_a_broken_database_is_made_again_from_the_points(labs):
    labs.run("-j2")
    (labs.out / "results.sqlite").write_bytes(b"no database" * 1000)
    (labs.out / "results.csv").unlink()
    labs.run("-j2")
    assert len(labs.runs()) == 8
    assert labs.sql("SELECT count(*) FROM points WHERE verdict = 'pass'") == [(8,)]
    assert len(labs.rows()) == 8


@pytest.mark.parametrize("mode", ["large", "fill"])
def test_a_full_disk_marks_the_points_and_the_table_stays(labs, mode):
    labs.factor(f'"net.test.mode" = ["ok", "{mode}"]')
    labs.out.mkdir()
    # The file system is gone with its namespace: the table is copied out before.
    script = ('mount -t tmpfs -o size=12m none "$0" && { "$@"; status=$?; '
              'cp "$0"/results.* "$0"/../; exit $status; }')
    unshare = ["unshare", "--mount"] + (["--map-root-user"] if os.geteuid() else [])
    if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    done = subprocess.run([*unshare, "sh", "-c", script, str(labs.out), *labs.command("-j2")],
                          capture_output=True, text=True, env=labs.env, check=False)
    assert done.returncode == 1, done.stderr
    for name in ("results.csv", "results.sqlite"):
        shutil.move(labs.path / name, labs.out / name)
    rows = labs.rows()
    assert [r["verdict"] for r in rows] == ["pass"] * 8 + ["error"] * 8, done.stderr
    assert "No space left" in rows[8]["reason"] or "disk is full" in rows[8]["reason"]
    assert labs.sql("SELECT count(*) FROM points WHERE verdict = 'error'") == [(8,)]


def test_a_point_that_hangs_is_ended_and_the_rest_goes_on(labs):
    labs.factor('"net.test.mode" = ["wait", "ok"]')
    labs.run("--point", "8")
    labs.run("-j8", "--timeout", "3", status=1)
    rows = labs.rows()
    assert {(r["verdict"], r["reason"]) for r in rows[:8]} == {
        ("error", "it did not end within 3 s of the machine's time")}
    assert rows[8]["verdict"] == "pass"


def test_on_a_wire_a_second_point_starts_only_where_cores_are_idle(tmp_path, monkeypatch):
    idle = []
    monkeypatch.setattr(lab_run, "idle_cores", lambda: idle[-1])
    wire = lab_run.Local(lab_store.Store(tmp_path), "wire", "build", 2, {})
    assert wire._room(), "the first always"
    wire.children[0] = None
    for cores, room in ((0, False), (1, False), (2, True)):
        idle.append(cores)
        assert wire._room() is room
    assert lab_run.limit_of("wire", {"duration": 10}) == 150 and lab_run.limit_of("virtual", {}) is None


def test_on_a_terminal_progress_is_one_line_with_the_time_left(monkeypatch):
    screen, clock = io.StringIO(), [100.0]
    monkeypatch.setattr(lab_progress.time, "monotonic", lambda: clock[0])
    progress = lab_progress.Progress(10, 2, screen, live=True)
    progress.tick(2)
    assert screen.getvalue().endswith("0 of 10 points, 2 running, 0 s so far")
    for point in range(4):
        progress.ended({"point": point, "verdict": "pass", "reason": ""}, "", 30.0)
    # Six points of 30 s each, two at once.
    assert screen.getvalue().endswith("4 of 10 points, 2 running, about 2 min left")
    progress.ended({"point": 4, "verdict": "error", "reason": "it fell over"}, "loss=1%", 1.0)
    assert "\r\033[Kpoint 4  loss=1%  error: it fell over\n" in screen.getvalue()
    assert screen.getvalue().count("\n") == 1


def test_progress_is_a_line_a_point_where_there_is_no_terminal(labs):
    done = labs.run("-j1")
    assert len(done.stderr.splitlines()) == 8 and "\r" not in done.stderr
    assert done.stderr.startswith("1/8  point 0  loss=0% rtt=10ms seed=1  pass")


def test_the_kernel_is_skipped_by_name_in_virtual_time(labs):
    labs.factor('device = ["phantom", "linux"]')
    done = labs.run("-j2")
    assert "8 pass, 8 skip" in done.stdout
    assert {r["reason"] for r in labs.rows()[8:]} == {
        "the kernel is no part of virtual time: --engine wire"}


def test_a_dry_run_and_a_list_start_nothing(labs):
    assert "8 points, 8 to run, 8 s of virtual time" in labs.run("--dry-run").stdout
    assert "loss=1% rtt=40ms seed=2" in labs.run("--list").stdout
    assert not labs.out.exists() and not labs.runs()
