# SPDX-License-Identifier: BSD-2-Clause
"""The two that measure a flow agree: what the simulator counts while a point runs, and what the lab
reads from the capture of a wire, here given the simulator's."""

import json
import subprocess

import pytest

from rig import lab_capture
from rig.session import find_program

LISTEN = 1024  # the first flow's server


@pytest.mark.parametrize("link", [
    "rate 10mbit delay 20ms queue 100",                       # a queue that overflows
    "rate 10mbit delay 20ms loss 2%",                         # holes, SACKs
    "rate 20mbit delay 20ms jitter 4ms loss 1% dup 1%",       # D-SACKs, in another order
    "rate 20mbit delay 10ms in loss 30%"])                                # acknowledgments are lost
@pytest.mark.parametrize("settle", [0, 3])
def test_a_capture_and_the_run_it_is_of_tell_the_same(tmp_path, link, settle):
    point = {"format": 1, "seed": 5, "duration": 8, "settle": settle,
             "topology": ["node a", "node b", "veth a.e0 b.e0", "addr a.e0 10.0.0.1/24",
                          "addr b.e0 10.0.0.2/24", f"link a.e0 {link}"],
             "devices": {"a": "phantom", "b": "phantom"}, "watch": ["a.e0 out"],
             "flows": [{"name": "f", "kind": "bulk", "from": "a", "to": "b"}]}
    (tmp_path / "point.json").write_text(json.dumps(point))
    subprocess.run([find_program("rig"), "sim", "--point", str(tmp_path / "point.json"), "--out",
                    str(tmp_path), "--capture"], check=True, timeout=600)
    result = json.loads((tmp_path / "result.json").read_text())["flows"][0]
    flows = lab_capture.Flows({LISTEN: ("f", False)}, settle)
    for segment in lab_capture.segments(tmp_path / "a.e0.pcapng", 0):
        flows.take(segment)
    found = lab_capture.figures([flows], "f")
    assert found["segments"] > 300
    for what in ("segments", "retransmitted", "retransmitted_share"):
        assert found[what] == result[what], what
    for what in ("rtt_min_s", "rtt_mean_s", "rtt_inflation"):
        assert found[what] == pytest.approx(result[what], rel=1e-6), what
    assert found["rtt_p95_s"] == pytest.approx(result["rtt_p95_s"], rel=0.01)
