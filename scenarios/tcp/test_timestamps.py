# SPDX-License-Identifier: BSD-2-Clause
"""TCP timestamps on the wire: on every segment, the right one echoed, old ones refused (RFC 7323)."""

import pytest

from rig.flow import ANY, Flow

ECHO, DISCARD, CLOSED = 7, 9, 9999


def stamps(tcp):
    """(TSval, TSecr) of a segment, or None."""
    return dict(tcp.options).get("Timestamp")


class Stamped(Flow):
    """A flow that puts a timestamp on each segment: `now` is our clock, `echo` what we return."""

    now, echo = 1000, 0

    def segment(self, flags, data=b"", **fields):
        value = fields.pop("tsval", self.now)
        fields.setdefault("options", [("NOP", None), ("NOP", None), ("Timestamp", (value, self.echo))])
        return super().segment(flags, data, **fields)


@pytest.fixture
def flow(dut, tester):
    flow = Stamped(tester, ECHO, options=[("MSS", 1460), ("Timestamp", (1000, 0))])
    flow.send("S", options=flow.syn_options)
    synack = flow.expect("SA")
    assert stamps(synack) and stamps(synack)[1] == 1000
    flow.echo = stamps(synack)[0]
    flow.now = 1010
    flow.send("A")
    return flow


@pytest.mark.rfc("7323:3.2-1", "7323:3.2-3", "7323:4.1-1")
def test_every_segment_has_a_timestamp_and_echoes_the_latest(flow):
    ours = flow.echo
    for step in range(5):
        flow.now += 10
        flow.send("PA", b"abc")
        tcp = flow.expect("A", data=b"abc")
        assert stamps(tcp) is not None, "a segment without its timestamp"
        assert stamps(tcp)[1] == flow.now
        assert 0 <= (stamps(tcp)[0] - ours) & 0xFFFFFFFF < 60000, "their clock went back"
        ours = flow.echo = stamps(tcp)[0]
        flow.send("A")
    flow.now += 10
    flow.send("FA")
    fin = flow.expect("FA")
    assert stamps(fin)[1] == flow.now
    flow.send("A")


@pytest.mark.rfc("7323:5.3-1")
def test_data_with_an_old_timestamp_is_acknowledged_and_not_taken(flow, tester):
    flow.send("PA", b"new")
    assert flow.read(3) == b"new"
    start = flow.seq
    flow.send("PA", b"old", tsval=flow.now - 5)
    tcp = flow.expect("A", ack=start, data=b"")
    assert stamps(tcp)[1] == flow.now
    flow.nothing(but="no echo of an old segment")
    flow.seq = start
    flow.send("PA", b"now")
    assert flow.read(3) == b"now"
    flow.close()


@pytest.mark.rfc("7323:5.2-1")
def test_reset_with_an_old_timestamp_is_believed(flow):
    flow.send("PA", b"new")
    assert flow.read(3) == b"new"
    flow.send("R", tsval=flow.now - 500)
    flow.nothing(but="nothing for a reset")
    flow.send("A")
    flow.expect("R", seq=ANY)


@pytest.mark.rfc("7323:4.3-1", "7323:4.3-2")
def test_timestamp_of_a_segment_behind_a_hole_is_not_echoed(flow):
    start, before = flow.seq, flow.now
    flow.now += 100
    flow.send("PA", b"later", seq=start + 5)
    hole = flow.expect("A", ack=start)
    assert stamps(hole)[1] == before, "the echo is of the segment that filled the last hole"
    flow.now += 100
    flow.send("PA", b"first", seq=start)
    flow.seq = start + 10
    while True:
        tcp = flow.expect("A", ack=ANY)
        if tcp.ack == flow.seq:
            break
    assert stamps(tcp)[1] == flow.now
    flow.ack = flow.peer_end
    flow.reset()


@pytest.mark.rfc("7323:3.2-2")
def test_who_does_not_offer_timestamps_gets_none(dut, tester):
    flow = Flow(tester, ECHO)
    assert stamps(flow.open()) is None
    flow.send("PA", b"x", options=[("NOP", None), ("NOP", None), ("Timestamp", (7, 7))])
    tcp = flow.expect("A", data=b"x")
    assert stamps(tcp) is None
    flow.send("A")
    flow.close()
