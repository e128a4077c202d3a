# SPDX-License-Identifier: BSD-2-Clause
"""What is sent again, when, and when it is given up (RFC 9293 3.8.1, 3.8.3, RFC 6298)."""

import pytest

from rig.dut import PATIENT
from rig.flow import ANY, Flow
from rig.match import TCP, payload
from rig.net import pattern, unhurried

ECHO, SOURCE = 7, 5002


def gaps_of(tester, what, since=0):
    """Times between the received segments for which what(tcp, data) holds, after frame `since`."""
    stamps = [seen.at for seen in tester.received(since)
              if TCP in seen.packet and what(seen.packet[TCP], payload(seen.packet))]
    return [b - a for a, b in zip(stamps, stamps[1:])]


@pytest.mark.rfc("9293:MUST-18", "9293:MUST-19", "9293:3.10.8-b")
def test_unacknowledged_data_is_sent_again_with_doubling_intervals(dut, tester):
    def measure():
        """The intervals of one loss. A machine that is busy makes them longer, never shorter."""
        flow, start = Flow(tester, ECHO), len(tester.frames)
        flow.open()
        flow.send("PA", b"lost")
        flow.expect("PA", data=b"lost")
        for _ in range(4):
            flow.expect("PA", seq=flow.ack - 4, data=b"lost", repeated=True, within=120)
        gaps = gaps_of(tester, lambda tcp, data: data == b"lost", start)
        flow.send("A")
        flow.close()
        # The first may be a probe of the tail rather than the timeout: growth counts from the second.
        assert gaps[0] > 0.15, f"sent again after {gaps[0]:.3f} s: under the least timeout"
        assert all(gap > 0.15 * 2**n for n, gap in enumerate(gaps[1:])), f"gaps {gaps}"
        return gaps

    def doubling(gaps):
        return all(1.5 * a - 0.1 < b < 3 * a + 1 for a, b in zip(gaps[1:], gaps[2:]))

    gaps = unhurried(measure, doubling)
    assert doubling(gaps), f"gaps {gaps}"


@pytest.mark.rfc("9293:3.8.3-a")
def test_acknowledgment_ends_retransmission(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"late")
    flow.expect("PA", data=b"late")
    flow.expect("PA", seq=flow.ack - 4, data=b"late", repeated=True)
    flow.send("A")
    flow.send("PA", b"next")
    assert flow.read(4) == b"next"
    flow.close()


def test_syn_ack_is_sent_again_until_it_is_acknowledged(dut, tester):
    flow = Flow(tester, ECHO)
    flow.send("S", options=flow.syn_options)
    first = flow.expect("SA")
    flow.expect("SA", seq=first.seq, repeated=True, within=120)
    flow.send("A")
    flow.send("PA", b"ok")
    assert flow.read(2) == b"ok"
    gap = gaps_of(tester, lambda tcp, data: str(tcp.flags) == "SA")[0]
    assert gap > 0.5, f"sent again after {gap:.3f} s: the first timeout is a second"
    flow.close()


@pytest.mark.dut(sysctl={"net.ipv4.tcp_synack_retries": 1})
def test_syn_ack_is_given_up_and_the_connection_forgotten(dut, tester):
    flow = Flow(tester, ECHO)
    flow.send("S", options=flow.syn_options)
    first = flow.expect("SA")
    flow.expect("SA", seq=first.seq, repeated=True, within=120)
    from rig.net import eventually

    def forgotten():
        tester.mark()
        flow.queue.clear()
        flow.send("A", seq=flow.seq - 1)  # an old number: a half-open connection sends no reset
        tester.mark()
        return any(str(seen.packet[TCP].flags) == "R" for seen in flow.queue)

    eventually(forgotten, within=120, what="the half-open connection being forgotten")


def test_fin_is_sent_again(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("FA")
    flow.expect("FA")
    flow.expect("FA", seq=flow.ack - 1, repeated=True, within=120)
    flow.send("A")
    flow.nothing(but="nothing after the end")


@pytest.mark.rfc("9293:MUST-20", "9293:MUST-21")
@pytest.mark.dut(sysctl={"net.ipv4.tcp_retries2": 2})
def test_data_that_nobody_acknowledges_is_given_up(dut, tester):
    flow = Flow(tester, SOURCE)
    flow.open()
    data = flow.expect_data()
    for _ in range(2):
        flow.expect("A", seq=ANY, ack=ANY, repeated=True, within=120,
                    where=lambda tcp: len(bytes(tcp.payload)) > 0 or "no data in it")
    from rig.net import eventually

    def gone():
        tester.mark()
        flow.queue.clear()
        flow.send("A", ack=flow.peer_isn + 1, seq=flow.seq)
        tester.mark()
        return any(str(seen.packet[TCP].flags) == "R" for seen in flow.queue)

    eventually(gone, within=120, what="the connection being given up")
    assert len(data) > 0


@pytest.mark.rfc("9293:MUST-19")
@pytest.mark.dut(sysctl=PATIENT)
def test_three_duplicate_acknowledgments_bring_the_lost_segment_at_once(dut, tester):
    flow = Flow(tester, SOURCE, window=65535)
    flow.open()
    first = flow.expect_data()
    start = flow.ack
    flow.send("A")
    got = {start: flow.expect_data()}  # "lost"; those after it arrive
    while len(got) < 6:
        at = flow.ack
        got[at] = flow.expect_data()
    flow.drain()
    lost = start
    before = len(tester.frames)
    for _ in range(4):
        flow.send("A", ack=lost)
    again = [(tcp, body) for tcp, body in flow.drain() if tcp.seq == lost]
    assert again and again[0][1][:100] == got[lost][:100], (
        f"the lost segment did not come before the answer to a ping\n{tester.log()}")
    assert first and len(tester.frames) > before
    flow.reset()


@pytest.mark.parametrize("what", ["data 1", "data 2", "data 5..7", "syn 1", "ack 1", "fin 1"])
@pytest.mark.parametrize("way", ["in", "out"])
def test_one_scripted_loss_is_repaired(dut, peer, wire, what, way):
    import socket
    from rig.host import receive_all
    wire.drop(what, way)
    sock = peer.connect(dut.ip, ECHO, within=120)
    sock.settimeout(60)
    sock.sendall(pattern(20000))
    sock.shutdown(socket.SHUT_WR)
    assert receive_all(sock) == pattern(20000)
    assert sum_of_drops(wire.stats()) > 0, "nothing was dropped"


def sum_of_drops(stats):
    """All numbers under keys that speak of drops, wherever they stand."""
    if isinstance(stats, dict):
        return sum(value if isinstance(value, int) and key in ("script", "loss")
                   else sum_of_drops(value) for key, value in stats.items())
    if isinstance(stats, list):
        return sum(map(sum_of_drops, stats))
    return 0
