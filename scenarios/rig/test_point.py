# SPDX-License-Identifier: BSD-2-Clause
"""rig sim --point: a result whatever happens, status and sentences, and files that cannot be written."""

import json
import os
import signal
import subprocess
import time

import pytest

from rig.session import find_program

PAIR = ["node a", "node b", "veth a.e0 b.e0", "addr a.e0 10.0.0.1/24", "addr b.e0 10.0.0.2/24",
        "link a.e0 rate 10mbit delay 5ms"]
BULK = {"name": "f", "kind": "bulk", "from": "a", "to": "b"}


def write(tmp_path, **changes):
    point = {"format": 1, "name": "small", "point": 4, "seed": 7, "duration": 1.0, "topology": PAIR,
             "devices": {"a": "phantom", "b": "phantom"}, "flows": [BULK], "watch": ["a.e0 out"]}
    point.update(changes)
    path = tmp_path / "point.json"
    path.write_text(json.dumps(point))
    return path


def command(path, out, *words):
    return [find_program("rig"), "sim", "--point", str(path), "--out", str(out), *words]


def run(path, out, *words):
    return subprocess.run(command(path, out, *words), capture_output=True, text=True, check=False,
                          timeout=600)


def result_of(out):
    return json.loads((out / "result.json").read_text())


def test_a_point_leaves_its_result_in_a_directory_that_it_makes(tmp_path):
    out = tmp_path / "x" / "y"
    done = run(write(tmp_path), out)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.listdir(out) == ["result.json"]
    result = result_of(out)
    assert (result["verdict"], result["name"], result["point"], result["seed"]) == (
        "pass", "small", 4, 7)
    assert result["virtual_s"] == 1.0


def test_what_is_recorded_changes_no_octet_of_the_result(tmp_path):
    path = write(tmp_path)
    assert run(path, tmp_path / "a").returncode == 0
    assert run(path, tmp_path / "b", "--series", "--capture").returncode == 0
    assert (tmp_path / "a/result.json").read_bytes() == (tmp_path / "b/result.json").read_bytes()
    assert sorted(os.listdir(tmp_path / "b")) == ["a.e0.pcapng", "result.json", "series.jsonl"]
    held = subprocess.run([find_program("rig"), "audit", str(tmp_path / "b/a.e0.pcapng")],
                          capture_output=True, text=True, check=False, timeout=600)
    assert held.returncode == 0, held.stdout


def test_a_bad_point_is_one_sentence_and_starts_nothing(tmp_path):
    path = write(tmp_path, durationn=3)
    done = run(path, tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.startswith(f'rig sim: {path}: there is no key "durationn"; a point has ')
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text, says", [
    ("{", ":1: "), ("[]", ": [] is no object"), (None, "No such file")])
def test_what_is_no_json_is_told_with_its_place(tmp_path, text, says):
    path = tmp_path / "point.json"
    if text is not None:
        path.write_text(text)
    done = run(path, tmp_path / "out")
    assert done.returncode == 2
    assert str(path) in done.stderr and says in done.stderr


def test_a_limit_that_is_reached_leaves_a_result_that_says_so(tmp_path):
    done = run(write(tmp_path, events=500), tmp_path / "out")
    assert done.returncode == 1
    result = result_of(tmp_path / "out")
    assert result["verdict"] == "error"
    assert "limit events_max" in result["reason"] and "limit events_max" in done.stderr
    assert result["flows"][0]["bytes"] > 0  # until then


def child_of(pid, within=300):
    """The process that runs the point, once it has begun."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            children = f.read().split()
        if children:
            return int(children[0])
        time.sleep(0.01)
    raise AssertionError("no child")


@pytest.mark.parametrize("number, name", [(signal.SIGABRT, "signal 6"), (signal.SIGKILL, "signal 9")])
def test_a_device_that_crashes_leaves_a_result_that_says_so(tmp_path, number, name):
    path = write(tmp_path, duration=86400.0)
    with subprocess.Popen(command(path, tmp_path / "out"), stderr=subprocess.PIPE, text=True) as rig:
        os.kill(child_of(rig.pid), number)
        said = rig.communicate(timeout=600)[1]
    assert rig.returncode == 1
    result = result_of(tmp_path / "out")
    assert (result["verdict"], result["name"], result["point"], result["seed"]) == (
        "error", "small", 4, 7)
    assert name in result["reason"] and name in said


def test_a_series_that_cannot_be_written_is_an_error_not_a_silence(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    os.symlink("/dev/full", out / "series.jsonl")
    done = run(write(tmp_path), out, "--series")
    assert done.returncode == 1
    assert "series.jsonl cannot be written: No space left on device" in done.stderr
    assert result_of(out)["verdict"] == "error"
    assert "No space left" in result_of(out)["reason"]


def test_a_directory_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    done = run(write(tmp_path), tmp_path / "file")
    assert done.returncode == 1
    assert "is no directory" in done.stderr


def test_verdicts_that_a_link_records_are_there_whole(tmp_path):
    record = tmp_path / "verdicts"
    path = write(tmp_path, topology=PAIR[:-1] + [f"link a.e0 delay 5ms loss 3% record {record}"],
                 flows=[{**BULK, "bytes": 200000}], duration=20.0)
    assert run(path, tmp_path / "a").returncode == 0
    lines = record.read_text().splitlines()
    link = result_of(tmp_path / "a")["links"][0]
    assert sum(line.startswith("out ") for line in lines) == link["frames"]
    again = write(tmp_path, topology=PAIR[:-1] + [f"link a.e0 delay 5ms loss 3% replay {record}"],
                  flows=[{**BULK, "bytes": 200000}], duration=20.0)
    assert run(again, tmp_path / "b").returncode == 0
    assert result_of(tmp_path / "a")["digest"] == result_of(tmp_path / "b")["digest"]


def test_beside_point_there_are_few_options(tmp_path):
    done = run(write(tmp_path), tmp_path / "out", "--sereis")
    assert done.returncode == 2 and "not --sereis" in done.stderr
    done = subprocess.run([find_program("rig"), "sim", "--point", "x"], capture_output=True,
                          text=True, check=False, timeout=600)
    assert done.returncode == 2 and "--out DIR" in done.stderr


@pytest.mark.parametrize("jobs", [["-j2"], ["-j", "2"]])
def test_seeds_side_by_side_are_as_one_after_the_other(jobs):
    def sim(*words):
        return subprocess.run([find_program("rig"), "sim", "--seeds", "1..4", "--json", *words],
                              capture_output=True, text=True, check=False, timeout=600)
    alone, beside = sim(), sim(*jobs)
    assert (beside.returncode, beside.stderr) == (0, "")
    assert json.loads(beside.stdout) == json.loads(alone.stdout)
