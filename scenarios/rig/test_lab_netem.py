# SPDX-License-Identifier: BSD-2-Clause
"""rig lab under the kernel's netem: the same point, the same measures; and where the kernel has none, a
refusal before anything starts. make check-netem runs it where there is netem.
"""

from labs import WIRE, real_world


def test_the_same_points_run_under_netem_or_are_refused_at_once(tmp_path):
    labs = real_world(tmp_path).file(WIRE)
    done = labs.start("--engine", "netem")
    _, said = done.communicate()
    if done.returncode == 77:
        assert "sch_netem" in said and not labs.out.exists(), said
        return
    assert done.returncode == 0, said
    for row in labs.rows():
        # As on the wire: the sender's capture is before all impairments, in either direction.
        assert row["verdict"] == "pass" and float(row["rtt_min_s"]) >= 0.020, row
        assert 0 < int(row["bytes"]) * 8 < 5e6 * 3, row
        assert (int(row["dropped"]) > 0 and int(row["retransmitted"]) > 0) or row["loss"] == "0%", row
    labs.run("--engine", "netem", "--point", "0")
