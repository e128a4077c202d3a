# SPDX-License-Identifier: BSD-2-Clause
"""TCP headers that are wrong in one field: dropped with their counter, and the host lives."""

import pytest

from rig.flow import Flow
from rig.match import TCP
from rig.net import checksum

ECHO = 7


def resummed(raw):
    """The frame with its TCP checksum made right again."""
    raw = bytearray(raw)
    raw[50:52] = bytes(2)
    length = int.from_bytes(raw[16:18], "big") - 20
    pseudo = bytes(raw[26:34]) + bytes([0, 6]) + length.to_bytes(2, "big")
    raw[50:52] = checksum(pseudo + bytes(raw[34:34 + length])).to_bytes(2, "big")
    return raw


@pytest.fixture
def flow(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    return flow


@pytest.mark.rfc("9293:MUST-2", "9293:MUST-3")
def test_wrong_checksum_is_dropped(dut, tester, flow):
    expected = {"PhantomDropTCP_CSUM": 1} if dut.name == "phantom" else {}
    with dut.counting(TcpInErrs=1, TcpInCsumErrors=1, **expected):
        flow.send("PA", b"wrong", seq=flow.seq, chksum=0x1234)
        flow.nothing(but="nothing for a wrong checksum")
    flow.send("PA", b"right")
    assert flow.read(5) == b"right"
    flow.close()


@pytest.mark.rfc("9293:MUST-2", "9293:MUST-3")
def test_each_wrong_bit_of_a_segment_is_dropped(dut, tester, flow):
    raw = bytes(flow.segment("PA", b"payload!"))
    # Ports aside: those make it another connection's, where the checksum is wrong as well.
    rows = range(38, len(raw))
    with dut.counting(TcpInErrs=len(rows)):
        for at in rows:
            wrong = bytearray(raw)
            wrong[at] ^= 1 << at % 8
            tester.inject(wrong)
        flow.nothing(but="nothing for wrong segments")
    flow.close()


@pytest.mark.parametrize("words", [0, 1, 4, 8, 15])
def test_data_offset_that_cannot_be_is_dropped(dut, tester, flow, words):
    raw = bytearray(bytes(flow.segment("PA", b"abcd")))
    raw[46] = words << 4 | raw[46] & 15
    if words > 5:
        raw[16:18] = (20 + 20 + 4).to_bytes(2, "big")
    # Linux counts what cannot be a header, and drops what the packet is too short for in silence.
    expected = {"TcpInErrs": 1} if words < 5 or dut.name == "phantom" else {}
    with dut.counting(**expected):
        tester.inject(resummed(raw))
        flow.nothing(but="nothing for a wrong data offset")
    flow.close()


@pytest.mark.parametrize("length", range(20))
def test_header_cut_short_is_dropped(dut, tester, flow, length):
    raw = bytearray(bytes(flow.segment("PA"))[:34 + length])
    raw[16:18] = (20 + length).to_bytes(2, "big")
    raw[24:26] = bytes(2)
    raw[24:26] = checksum(bytes(raw[14:34])).to_bytes(2, "big")
    start = len(tester.frames)
    tester.inject(raw)
    # A SYN-ACK that came twice, as the handshake's end was late, answers something else.
    tester.nothing(lambda packet: TCP in packet and packet[TCP].flags != "SA", since=start,
                   but="nothing for a cut header")
    flow.close()


@pytest.mark.parametrize("port", ["sport", "dport"])
def test_port_zero_is_survived(dut, tester, flow, port):
    tester.inject(flow.segment("S", **{port: 0}))
    tester.mark()
    flow.send("PA", b"fine")
    assert flow.read(4) == b"fine"
    flow.close()


@pytest.mark.rfc("9293:3.1-a")
@pytest.mark.parametrize("bits", [1, 2, 4, 7])
def test_reserved_bits_are_ignored(dut, tester, flow, bits):
    flow.send("PA", b"odd", reserved=bits)
    assert flow.read(3) == b"odd"
    flow.close()


@pytest.mark.parametrize("pointer", [0, 1, 5, 65535])
def test_urgent_pointer_of_any_value_is_survived(dut, tester, flow, pointer):
    flow.send("PAU", b"urgent", urgptr=pointer)
    tester.mark()
    flow.send("PA", b"x")
    tester.mark()
    assert flow.queue, "nothing was acknowledged"
    flow.reset()


@pytest.mark.rfc("CVE-1999-0016")
def test_segment_to_itself_is_survived(dut, tester):
    """Source and destination the same: the LAND attack."""
    from scapy.layers.inet import IP
    tester.inject(tester.ip4(src=dut.ip, dst=dut.ip) / TCP(sport=ECHO, dport=ECHO, flags="S"))
    tester.nothing(lambda packet: IP in packet, but="nothing for a segment from itself")


def test_random_segments_are_survived(dut, tester, flow):
    import random
    draw = random.Random(20)
    for _ in range(500):
        raw = bytearray(bytes(flow.segment("PA", bytes(draw.randrange(40)))))
        for _ in range(draw.randrange(1, 4)):
            raw[draw.randrange(38, len(raw))] = draw.randrange(256)
        tester.inject(resummed(raw))
    tester.mark()
    again = Flow(tester, ECHO)
    again.open()
    again.send("PA", b"alive")
    assert again.read(5) == b"alive"
    again.close()
