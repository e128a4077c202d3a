# SPDX-License-Identifier: BSD-2-Clause
"""TCP data: in order and not, overlapping, outside the window (RFC 9293 3.4, 3.10.7.4)."""

import pytest

from rig.flow import Flow
from rig.net import pattern, unhurried

ECHO, DISCARD, SINK, SOURCE = 7, 9, 5001, 5002


@pytest.fixture
def sink(dut, tester):
    """A connection to discard: only acknowledgments come back."""
    flow = Flow(tester, DISCARD)
    flow.open()
    return flow


@pytest.mark.rfc("9293:MUST-61", "9293:3.1-c")
def test_echo_returns_the_bytes_and_acknowledges_them(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"hello")
    flow.expect("PA", data=b"hello")
    flow.send("A")
    flow.close()


@pytest.mark.parametrize("size", [1, 2, 535, 536, 537, 1459, 1460])
def test_segment_of_any_size_comes_back(dut, tester, size):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", pattern(size))
    assert flow.read(size) == pattern(size)
    flow.close()


@pytest.mark.rfc("9293:SHLD-18", "9293:SHLD-19", "9293:MUST-40", "9293:MUST-58")
def test_every_second_full_segment_is_acknowledged(dut, tester, sink):
    for number in range(10):
        sink.send("A", pattern(1460, 1460 * number))
        if number % 2:
            sink.acked()
    sink.reset()


@pytest.mark.rfc("9293:MUST-40")
def test_lone_segment_is_acknowledged_within_half_a_second(dut, tester, sink):
    for _ in range(20):  # past any quick start
        sink.send("PA", b"x")
        sink.acked()

    def measure():
        sink.send("PA", b"y")
        sent = [seen for seen in tester.frames if seen.way == ">"][-1]
        sink.acked()
        return sink.at - sent.at

    took = unhurried(measure, lambda took: took < 0.5)
    assert took < 0.5, f"acknowledged after {took:.3f} s"
    sink.reset()


@pytest.mark.rfc("9293:SHLD-31", "9293:MAY-13")
def test_segments_out_of_order_are_held_and_delivered_in_order(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    start = flow.seq
    flow.send("PA", b"cc", seq=start + 4)
    flow.expect("A", ack=start)
    flow.send("PA", b"bb", seq=start + 2)
    flow.expect("A", ack=start)
    flow.send("PA", b"aa", seq=start)
    flow.seq = start + 6
    assert flow.read(6) == b"aabbcc"
    flow.close()


def test_hole_is_acknowledged_at_its_left_edge_for_each_segment(dut, tester, sink):
    start = sink.seq
    for number in range(1, 5):
        sink.send("A", pattern(100), seq=start + 100 * number)
        sink.expect("A", ack=start)
    sink.send("A", pattern(100), seq=start)
    sink.seq = start + 500
    sink.acked()
    sink.reset()


@pytest.mark.rfc("9293:3.10.7.4-a")
@pytest.mark.parametrize("first, second", [
    ((0, 4), (2, 4)), ((2, 4), (0, 4)), ((0, 6), (2, 2)), ((2, 2), (0, 6)), ((0, 3), (0, 6)),
    ((3, 3), (0, 6)), ((1, 2), (0, 6)), ((0, 6), (0, 6)),
])
def test_overlapping_segments_give_each_byte_once(dut, tester, first, second):
    flow = Flow(tester, ECHO)
    flow.open()
    start, text = flow.seq, b"abcdef"
    for at, length in (first, second):
        flow.send("PA", text[at:at + length], seq=start + at)
    flow.seq = start + 6
    got = b""
    while len(got) < 6:
        got += flow.expect_data()
        flow.send("A")
    assert got == text
    flow.close()


@pytest.mark.rfc("9293:3.10.7.4-a")
def test_straddling_segment_gives_only_its_new_part(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"old")
    assert flow.read(3) == b"old"
    flow.send("PA", b"oldnew", seq=flow.seq - 3)
    flow.seq += 3
    assert flow.read(3) == b"new"
    flow.close()


@pytest.mark.rfc("9293:3.5.2-e", "9293:3.10.7.4-b", "9293:3.4-b")
@pytest.mark.parametrize("off", [-100, -2**31 + 1000, 10**7, 2**31 - 1000],
                         ids=["just old", "very old", "beyond", "far beyond"])
def test_data_outside_the_window_is_acknowledged_and_dropped(dut, tester, off):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"junk", seq=flow.seq + off)
    flow.expect("A")
    flow.send("PA", b"good")
    assert flow.read(4) == b"good"
    flow.close()


@pytest.mark.rfc("9293:3.10.7.4-a")
def test_data_beyond_the_right_edge_of_the_window_is_not_taken(dut, tester):
    flow = Flow(tester, ECHO)
    window = flow.open().window
    # One byte inside the window, the rest beyond: whatever is kept, no more than the window is.
    flow.send("PA", bytes(10), seq=flow.seq + window)
    flow.expect("A")
    flow.send("PA", b"good")
    assert flow.read(4) == b"good"
    flow.close()


@pytest.mark.rfc("9293:3.10.7.4-f")
def test_acknowledgment_of_unsent_data_is_answered_and_dropped(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"junk", seq=flow.seq, ack=flow.ack + 1000)
    flow.expect("A")
    flow.send("PA", b"good")
    assert flow.read(4) == b"good"
    flow.close()


@pytest.mark.rfc("9293:MAY-12")
def test_very_old_acknowledgment_brings_no_data_in(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"junk", seq=flow.seq, ack=flow.ack - 2**30)
    flow.expect("A")
    flow.send("PA", b"good")
    assert flow.read(4) == b"good"
    flow.close()


@pytest.mark.rfc("9293:3.10.7.4-e")
def test_data_without_ack_is_dropped(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("P", b"junk", seq=flow.seq)
    flow.nothing(but="nothing for a segment without ACK")
    flow.send("PA", b"good")
    assert flow.read(4) == b"good"
    flow.close()


@pytest.mark.rfc("9293:MUST-18")
def test_duplicate_acknowledgments_of_nothing_are_silent(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    for _ in range(10):
        flow.send("A")
    flow.nothing(but="nothing for bare acknowledgments")
    flow.close()


@pytest.mark.rfc("9293:MUST-38", "9293:SHLD-28")
def test_bulk_data_is_sent_in_full_segments(dut, tester):
    flow = Flow(tester, SOURCE)
    flow.open()
    got = b""
    sizes = []
    while len(got) < 30 * 1460:
        part = flow.expect_data()
        sizes.append(len(part))
        got += part
        flow.send("A")
    assert got == pattern(len(got))
    assert sum(size == 1460 for size in sizes) >= len(sizes) - 2, f"sizes {sizes}"
    flow.reset()


@pytest.mark.rfc("9293:MUST-7")
@pytest.mark.parametrize("raw", [b"\x08\x00\x01\x01", b"\x08\x01\x01\x01", b"\x08\x28\x01\x01",
                                 b"\x01\x01\x01\x08"],
                         ids=["length 0", "length 1", "past the header", "without a length"])
@pytest.mark.rfc("CVE-2019-12258")
def test_malformed_option_does_no_harm(dut, tester, raw):
    from scapy.layers.inet import TCP
    flow = Flow(tester, ECHO)
    flow.open()
    frame = flow.segment("PA")
    frame[TCP].dataofs = 6
    tester.inject(frame / (raw + b"abc"))
    # Refused or taken, the connection is as before or ended by a reset, and the host lives.
    tester.mark()
    second = Flow(tester, ECHO)
    second.open()
    second.send("PA", b"alive")
    assert second.read(5) == b"alive"
    second.close()


@pytest.mark.rfc("9293:3.1-b", "9293:MUST-30")
def test_urgent_pointer_without_its_flag_is_ignored(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"abc", urgptr=2)
    assert flow.read(3) == b"abc"
    flow.close()
