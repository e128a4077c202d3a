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


def test_the_depth_of_a_queue_behind_netem_is_known(tmp_path):
    queues = WIRE.replace("buffer = 30\n", "").replace('device = ["phantom", "linux"]', 'device = ["linux"]')
    labs = real_world(tmp_path).file(queues.replace('loss = ["0%", "2%"]', 'queue = ["droptail 30 packets", '
                                                    '"codel target 50ms", "40"]'))
    done = labs.start("--engine", "netem")
    _, said = done.communicate()
    if done.returncode == 77:
        assert "sch_netem" in said, said
        return
    assert done.returncode == 0, said
    tail, codel, own = labs.rows()
    assert 5 < float(tail["queue_mean_packets"]) < 30 and 20 < int(tail["queue_max_packets"]) <= 30, tail
    assert 0 < float(codel["queue_mean_packets"]) and int(codel["queue_max_packets"]) > 0, codel
    assert own["queue_mean_packets"] == "", "netem tells no depth of its own queue"
    reasons = [labs.result(n)["links"][0]["dropped"] for n in range(3)]
    assert [set(one) for one in reasons] == [{"queue full"}, {"codel"}, {"netem"}], reasons
