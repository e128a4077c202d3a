# SPDX-License-Identifier: BSD-2-Clause
"""What is sent when segments are lost, as a receiver made by hand sees it; and what a receiver says of
its holes: SACK (RFC 2018), fast retransmit and slow start (RFC 5681), the initial window (RFC 6928)."""

import pytest

from rig.dut import PATIENT
from rig.flow import ANY, Flow
from rig.net import pattern

ECHO, DISCARD, SOURCE = 7, 9, 5002
MSS = 1000


def blocks(tcp, base):
    """SACK blocks as offsets from base."""
    sack = dict(tcp.options).get("SAck") or ()
    return [((a - base) & 0xFFFFFFFF, (b - base) & 0xFFFFFFFF)
            for a, b in zip(sack[::2], sack[1::2])]


@pytest.mark.rfc("2018:4-2", "2018:4-3", "2018:4-5")
def test_holes_are_reported_most_recent_block_first(dut, tester):
    flow = Flow(tester, DISCARD, options=[("MSS", 1460), ("SAckOK", b"")])
    flow.open()
    base = flow.seq
    steps = [(100, [(100, 200)]),
             (300, [(300, 400), (100, 200)]),
             (500, [(500, 600), (300, 400), (100, 200)]),
             (200, [(100, 400), (500, 600)]),
             (700, [(700, 800), (100, 400), (500, 600)])]
    for at, want in steps:
        flow.send("PA", pattern(100), seq=base + at)
        tcp = flow.expect("A", ack=base)
        assert blocks(tcp, base) == want, f"after {at}: {blocks(tcp, base)}"
    flow.send("PA", pattern(100), seq=base)
    tcp = flow.expect("A", ack=base + 400)
    assert sorted(blocks(tcp, base)) == [(500, 600), (700, 800)]
    flow.seq = base + 400
    flow.reset()


@pytest.mark.rfc("2018:4-1")
def test_who_does_not_permit_sack_gets_none(dut, tester):
    flow = Flow(tester, DISCARD)
    flow.open()
    base = flow.seq
    flow.send("PA", pattern(100), seq=base + 100)
    tcp = flow.expect("A", ack=base)
    assert blocks(tcp, base) == []
    flow.seq = base
    flow.reset()


def flight(tester, **fields):
    """A connection to the source, its first flight read and nothing of it acknowledged."""
    flow = Flow(tester, SOURCE, mss=None, **fields)
    flow.open()
    base, got = flow.ack, []
    while len(got) < 10:  # its program may be slow to write
        at = flow.ack
        got.append(((at - base) & 0xFFFFFFFF, len(flow.expect_data())))
    for _ in range(3):
        tester.mark()
    got += [((tcp.seq - base) & 0xFFFFFFFF, len(body)) for tcp, body in flow.drain() if body]
    return flow, base, got


@pytest.mark.rfc("6928:2-1")
@pytest.mark.dut(sysctl=PATIENT)
def test_first_flight_is_ten_segments(dut, tester):
    flow, _, got = flight(tester, options=[("MSS", MSS)])
    assert len(got) == 10 and all(length == MSS for _, length in got), got
    flow.reset()


@pytest.mark.rfc("5681:3.2-3")
@pytest.mark.dut(sysctl=PATIENT)
def test_two_duplicate_acknowledgments_are_not_enough(dut, tester):
    flow, base, got = flight(tester, options=[("MSS", MSS)])
    for _ in range(2):
        flow.send("A", ack=base)
    again = [tcp for tcp, body in flow.drain() if tcp.seq == base]
    assert not again, "sent again after two"
    flow.send("A", ack=base)
    again = [tcp for tcp, body in flow.drain() if tcp.seq == base]
    assert len(again) == 1, f"sent again {len(again)} times after three"
    flow.reset()


@pytest.mark.rfc("5681:3.2-3", "2018:5-1")
@pytest.mark.dut(sysctl=PATIENT)
def test_what_was_sacked_is_not_sent_again(dut, tester):
    flow, base, got = flight(tester, options=[("MSS", MSS), ("SAckOK", b"")])
    sacked = [(base + 1000, base + 2000), (base + 3000, base + 10000)]
    for right in (5000, 7000, 10000):
        flow.send("A", ack=base, options=[
            ("NOP", None), ("NOP", None),
            ("SAck", (base + 3000, base + right, base + 1000, base + 2000))])
    sent = [(tcp.seq, tcp.seq + len(body)) for tcp, body in flow.drain() if body]
    again = [(a, b) for a, b in sent if a < base + 10000]
    assert (base, base + 1000) in again or again[0][0] == base, f"the hole: {again}"
    for a, b in again:
        assert all(b <= left or a >= right for left, right in sacked), "a byte that was SACKed"
    flow.reset()


@pytest.mark.rfc("5681:3.1-11", "6298:5-3")
@pytest.mark.dut(sysctl={"net.ipv4.tcp_rto_min_us": 2_000_000})  # there is time before the second
def test_timeout_sends_the_first_segment_alone(dut, tester):
    flow, base, got = flight(tester, options=[("MSS", MSS)])
    while flow.expect("A", seq=ANY, repeated=True, within=120).seq != base:
        pass  # a probe of the tail (RFC 8985 7) comes before the timeout
    rest = [tcp.seq for tcp, body in flow.drain() if body]
    assert rest == [], f"more than one segment after a timeout: {len(rest) + 1}"
    flow.send("A", ack=base + MSS)
    more = [tcp.seq for tcp, body in flow.drain() if body]
    assert len(more) == 2, f"slow start goes on with two, not with {len(more)}"
    flow.reset()


@pytest.mark.rfc("9293:MUST-17")
@pytest.mark.dut(sysctl=PATIENT)
def test_small_answers_wait_for_the_acknowledgment_of_the_last(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"a")
    flow.expect("A", data=b"a")
    ack = flow.ack
    flow.send("PA", b"b", ack=ack - 1)
    flow.send("PA", b"c", ack=ack - 1)
    early = [body for tcp, body in flow.drain() if body and tcp.seq == ack]
    if early:
        pytest.skip("this echo service turns Nagle's algorithm off")
    flow.send("A", ack=ack)
    assert flow.read(2) == b"bc"
    flow.close()
