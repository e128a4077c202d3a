# SPDX-License-Identifier: BSD-2-Clause
"""rig calibrate: each backend of a link does what its words say, and they agree with each other.

Only what is a matter of chance is held here: how late a frame is, is the machine's.
"""

import functools
import json
import math
import subprocess

import pytest

from rig.session import find_program

FRAMES = 4000


@functools.lru_cache(maxsize=None)
def calibrate(*backends):
    """The rows by backend and (what, asked)."""
    done = subprocess.run([find_program("rig"), "calibrate", "--json", "--frames", str(FRAMES), *backends],
                          capture_output=True, text=True, check=False)
    if done.returncode == 77 or "has no sch_netem" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.stdout, done.stderr
    rows = {}
    for row in json.loads(done.stdout):
        rows.setdefault(row["backend"], {})[row["what"], row["asked"]] = row
    return rows


def chances(rows):
    return {key: row for key, row in rows.items() if row["chance"]}


def assert_within(rows):
    wrong = {key: (row["measured"], row["low"], row["high"])
             for key, row in chances(rows).items() if not row["ok"]}
    assert not wrong, wrong
    assert len(chances(rows)) == 6


def test_the_wire_meets_the_same_fates_as_the_model_in_virtual_time():
    rows = calibrate("virtual", "wire")
    assert_within(rows["virtual"])
    assert_within(rows["wire"])
    for key, row in chances(rows["virtual"]).items():
        assert rows["wire"][key]["measured"] == row["measured"], key
    assert rows["virtual"]["delay error, p99", "delay 10ms"]["measured"] == 0
    # A frame is late, never early: by less than the delay itself even where programs wait for turns.
    assert 0 < rows["wire"]["delay error, median", "delay 10ms"]["measured"] < 10000
    assert rows["wire"]["ceiling", "frames of 64 bytes"]["measured"] > 0


def test_the_wire_and_netem_agree_within_the_statistics():
    rows = calibrate("netem")
    assert_within(rows["netem"])
    wire = calibrate("virtual", "wire")["wire"]
    for key, row in chances(rows["netem"]).items():
        # Two independent estimates, each within half of high - low of the truth at five standard
        # deviations: their difference is within sqrt(2) of that.
        bound = math.sqrt(2) * max(row["high"] - row["low"], wire[key]["high"] - wire[key]["low"]) / 2
        assert abs(row["measured"] - wire[key]["measured"]) <= bound, key


def assert_queues(rows):
    """Drops and waits of CoDel and FQ-CoDel are the model's for the same frames, and say something: both
    drop what is too much, and FQ-CoDel has the thin flow pass the thick one."""
    queues = {key: row for key, row in rows.items() if "codel" in key[1]}
    assert len(queues) == 6
    wrong = {key: (row["measured"], row["low"], row["high"]) for key, row in queues.items() if not row["ok"]}
    assert not wrong, wrong
    measured = {(what, asked.partition(",")[0]): row["measured"] for (what, asked), row in queues.items()}
    assert measured["dropped", "codel"] > 5
    assert measured["thick flow: dropped", "fq_codel"] > 5 > measured["thin flow: dropped", "fq_codel"]
    assert measured["thin flow: wait", "fq_codel"] < measured["thick flow: wait", "fq_codel"] / 2


def test_the_queues_of_the_model_and_of_the_wire_drop_alike():
    assert_queues(calibrate("virtual", "wire")["virtual"])
    assert_queues(calibrate("virtual", "wire")["wire"])


def test_the_kernels_codel_and_fq_codel_drop_as_the_model_does():
    assert_queues(calibrate("netem")["netem"])


def test_a_backend_that_is_none_is_refused():
    done = subprocess.run([find_program("rig"), "calibrate", "air"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 2 and "there are virtual, wire and netem" in done.stderr
