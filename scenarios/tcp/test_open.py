# SPDX-License-Identifier: BSD-2-Clause
"""TCP connections opened from either side, from both, and not at all (RFC 9293 3.5)."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, IPOption

from rig.dut import PATIENT
from rig.flow import ANY, Flow
from rig.net import pattern
from rig.tester import BROADCAST

ECHO, CLOSED = 7, 9999


def options(tcp):
    return dict(tcp.options)


@pytest.mark.rfc("9293:MUST-14", "9293:SHLD-5", "9293:MUST-67", "9293:3.1-a", "9293:3.1-c")
def test_syn_is_answered_with_a_syn_ack_of_every_field(dut, tester):
    flow = Flow(tester, ECHO, isn=0x12345678)
    flow.send("S", options=[("MSS", 1460)])
    synack = flow.expect("SA", ack=0x12345679, reserved=0, urgptr=0,
                         where=lambda tcp: options(tcp).get("MSS") == 1460)
    assert synack.window > 0
    assert set(options(synack)) <= {"MSS", "NOP", "EOL"}, "an option that was not offered"
    flow.send("A")
    flow.nothing(but="nothing after the handshake")


def test_syn_with_all_options_is_answered_with_all(dut, tester):
    flow = Flow(tester, ECHO)
    flow.send("S", options=[("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1000, 0)), ("NOP", None),
                            ("WScale", 7)])
    synack = flow.expect("SA")
    got = options(synack)
    assert {"MSS", "SAckOK", "Timestamp", "WScale"} <= set(got)
    assert synack.window > 14600, "the window of a SYN is in bytes (RFC 7323 2.2)"
    assert got["Timestamp"][1] == 1000, "the timestamp was not echoed"


@pytest.mark.rfc("9293:MUST-64", "9293:MUST-5", "9293:MUST-6")
@pytest.mark.parametrize("raw", [
    b"\x01\x02\x04\x05\xb4\x01\x01\x01", b"\xfe\x03\xaa\x02\x04\x05\xb4\x00",
    b"\x02\x04\x05\xb4\x00\xff\xff\xff", b"\xfd\x08abcdef",
], ids=["not on a word", "after an unknown one", "then the end", "unknown alone"])
def test_options_are_found_wherever_they_stand(dut, tester, raw):
    flow = Flow(tester, ECHO)
    frame = flow.segment("S")
    flow.seq += 1
    frame[TCP].dataofs = 5 + len(raw) // 4
    del frame[TCP].chksum
    tester.inject(frame / raw)
    flow.expect("SA")


@pytest.mark.rfc("9293:MUST-15", "9293:MUST-16")
@pytest.mark.parametrize("mss", [None, 536, 1000, 1460])
def test_segments_keep_to_the_mss_that_was_offered(dut, tester, mss):
    flow = Flow(tester, 5002, mss=mss, window=20000)
    flow.open()
    limit = mss or 536
    sizes = []
    while sum(sizes) < 5 * limit:
        sizes.append(len(flow.expect_data()))
        flow.send("A")
    assert max(sizes) == limit, f"segments of {sorted(set(sizes))} bytes for an MSS of {limit}"
    flow.reset()


@pytest.mark.rfc("9293:MUST-8", "9293:SHLD-1")
def test_initial_numbers_differ_between_connections(dut, tester):
    numbers = set()
    for _ in range(8):
        flow = Flow(tester, ECHO)
        flow.open()
        numbers.add(flow.peer_isn)
        flow.reset()
    assert len(numbers) == 8


@pytest.mark.parametrize("isn", [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF])
@pytest.mark.rfc("9293:3.4-a")
def test_sequence_numbers_wrap(dut, tester, isn):
    flow = Flow(tester, ECHO, isn=isn)
    flow.open()
    flow.send("PA", b"around the corner")
    assert flow.read(17) == b"around the corner"
    flow.close()


@pytest.mark.rfc("9293:3.10.7.2-c")
def test_data_on_the_syn_is_not_lost(dut, tester):
    flow = Flow(tester, ECHO)
    flow.send("S", b"early", options=flow.syn_options)
    # A listener may take the data or leave it to be sent again (RFC 9293 3.10.7.2).
    synack = flow.expect("SA", ack=ANY)
    assert (synack.ack - flow.isn) & 0xFFFFFFFF in (1, 6)
    flow.send("A", b"early" if synack.ack == flow.isn + 1 else b"",
              seq=synack.ack, ack=flow.ack)
    assert flow.read(5) == b"early"


def test_syn_sent_again_is_answered_with_the_same_syn_ack(dut, tester):
    flow = Flow(tester, ECHO)
    flow.send("S", options=flow.syn_options)
    first = flow.expect("SA")
    flow.send("S", options=flow.syn_options, seq=flow.isn)
    second = flow.expect("SA", seq=first.seq, repeated=True)
    assert second.seq == first.seq
    flow.send("A")
    flow.send("PA", b"ok")
    assert flow.read(2) == b"ok"


@pytest.mark.rfc("9293:MUST-57")
@pytest.mark.parametrize("dst", ["10.0.0.255", "255.255.255.255", "224.0.0.1"])
def test_syn_to_a_group_is_dropped_silently(dut, tester, dst):
    tester.inject(tester.ether(dst=BROADCAST) / IP(src=tester.ip, dst=dst)
                  / TCP(sport=4000, dport=ECHO, flags="S"))
    tester.nothing(lambda packet: TCP in packet, but="no answer to a SYN to a group")


@pytest.mark.rfc("9293:3.9.2.3-a")
@pytest.mark.parametrize("flags", ["A", "PA", "SA", "FA"])
@pytest.mark.parametrize("dst", ["10.0.0.255", "224.0.0.1"])
def test_segment_to_a_group_brings_no_reset(dut, tester, dst, flags):
    tester.inject(tester.ether(dst=BROADCAST) / IP(src=tester.ip, dst=dst)
                  / TCP(sport=4000, dport=CLOSED, flags=flags, seq=7, ack=9))
    tester.nothing(lambda packet: TCP in packet, but="no answer to what is for a group")


@pytest.mark.rfc("9293:3.9.2.3-a", "9293:MUST-63")
@pytest.mark.parametrize("flags", ["A", "PA", "FA"])
@pytest.mark.parametrize("src", ["224.0.0.1", "127.0.0.1", "0.0.0.0"])
def test_segment_from_a_source_that_is_no_host_brings_no_reset(dut, tester, src, flags):
    tester.inject(tester.ip4(src=src) / TCP(sport=4000, dport=CLOSED, flags=flags, seq=7, ack=9))
    tester.nothing(lambda packet: TCP in packet, but="no answer to what is from nowhere")


@pytest.mark.rfc("9293:MUST-50")
@pytest.mark.parametrize("options", [
    b"\x9e\x04\x00\x00", b"\x5e\x08abcdef", b"\x01\x01\x9e\x02",
], ids=["unknown", "unknown and long", "unknown and short"])
def test_options_of_ip_do_not_hinder_a_connection(dut, tester, options):
    flow = Flow(tester, ECHO)
    frame = flow.segment("S")
    flow.seq += 1
    frame[IP].options = [IPOption(options)]
    tester.inject(frame)
    flow.expect("SA")
    flow.send("A")
    flow.send("PA", b"heard")
    assert flow.read(5) == b"heard"


@pytest.mark.rfc("9293:MUST-63")
@pytest.mark.parametrize("src", [
    pytest.param("10.0.0.255", marks=pytest.mark.deviation(
        "linux", "without rp_filter a source is not held against the network's broadcast address")),
    "224.0.0.1", "127.0.0.1", "0.0.0.0",
])
def test_syn_from_a_source_that_is_no_host_is_dropped(dut, tester, src):
    tester.inject(tester.ip4(src=src) / TCP(sport=4000, dport=ECHO, flags="S"))
    tester.nothing(lambda packet: TCP in packet, but="no answer to a SYN from nowhere")


# ---- opened by the device ---------------------------------------------------------------------

@pytest.mark.dut(start=False)
@pytest.mark.rfc("9293:MUST-14", "9293:3.10.7.3-a")
def test_active_open_sends_a_syn_and_completes(dut, tester):
    flow = Flow.listening(tester, 80)
    client = dut.connect(tester.ip, 80)
    syn = flow.syn()
    assert options(syn)["MSS"] == 1460 and syn.window > 0
    flow.send("SA", options=[("MSS", 1460)])
    flow.expect("A")
    flow.send("PA", b"hello")
    flow.expect("A")
    flow.send("FA")
    flow.heard()
    client.shutdown()
    flow.expect("FA")
    flow.send("A")
    assert not client.failed()
    assert client.received() == b"hello"


@pytest.mark.dut(start=False)
@pytest.mark.rfc("9293:MUST-10")
def test_simultaneous_open_establishes_the_connection(dut, tester):
    flow = Flow.listening(tester, 80)
    client = dut.connect(tester.ip, 80)
    flow.syn()
    flow.send("S", options=[("MSS", 1460)])
    flow.expect("SA", seq=flow.peer_isn, repeated=True)
    flow.send("SA", seq=flow.isn, options=[("MSS", 1460)])
    flow.send("PA", b"both at once")
    flow.acked()
    flow.send("FA")
    flow.heard()
    client.shutdown()
    flow.expect("FA")
    flow.send("A")
    assert not client.failed()
    assert client.received() == b"both at once"


@pytest.mark.dut(start=False)
@pytest.mark.rfc("7323:2.2-3", "7323:2.3-1")
def test_window_of_a_syn_ack_is_in_bytes_and_all_others_are_scaled(dut, tester):
    flow = Flow.listening(tester, 80)
    client = dut.connect(tester.ip, 80, sysctl=PATIENT)
    flow.syn()
    flow.send("SA", options=[("MSS", 1460), ("NOP", None), ("WScale", 7)], window=2920)
    flow.expect("A")
    client.send(pattern(20000))
    first = len(flow.expect_data())
    first += sum(len(body) for _, body in flow.drain())
    assert 1460 <= first <= 2920, f"{first} bytes into a window of 2920"
    flow.send("A", window=100)  # 12800 bytes
    more = len(flow.expect_data())
    more += sum(len(body) for _, body in flow.drain())
    assert 2920 < more <= 12800, f"{more} bytes into a window of 100 times 128"
    flow.reset()


@pytest.mark.dut(start=False)
@pytest.mark.rfc("9293:3.5.3-a")
def test_reset_that_acknowledges_the_syn_refuses_the_connection(dut, tester):
    flow = Flow.listening(tester, 80)
    client = dut.connect(tester.ip, 80)
    flow.syn()
    flow.send("RA", seq=0)
    assert client.failed()
    assert "refused" in client.why().lower()


@pytest.mark.dut(start=False)
@pytest.mark.rfc("9293:3.5.3-a")
def test_reset_that_does_not_acknowledge_the_syn_is_ignored(dut, tester):
    flow = Flow.listening(tester, 80)
    client = dut.connect(tester.ip, 80)
    flow.syn()
    flow.send("RA", seq=0, ack=flow.ack + 1)
    flow.send("R", seq=flow.ack)
    flow.send("SA", options=[("MSS", 1460)])
    flow.expect("A")
    flow.send("FA")
    flow.heard()
    client.shutdown()
    flow.expect("FA")
    flow.send("A")
    assert not client.failed()


@pytest.mark.dut(start=False)
@pytest.mark.rfc("9293:3.5.2-d", "9293:3.10.7.3-a")
@pytest.mark.parametrize("off", [-1, 1, 100000], ids=["of nothing", "of the future", "far away"])
def test_syn_ack_with_a_wrong_acknowledgment_is_answered_with_a_reset(dut, tester, off):
    flow = Flow.listening(tester, 80)
    dut.connect(tester.ip, 80)
    flow.syn()
    wrong = (flow.ack + off) & 0xFFFFFFFF
    flow.send("SA", seq=flow.isn, ack=wrong, options=[("MSS", 1460)])
    flow.expect("R", seq=wrong)
    # The connection goes on: a right answer completes it.
    flow.send("SA", options=[("MSS", 1460)])
    flow.expect("A")
    flow.reset()


@pytest.mark.dut(start=False)
@pytest.mark.rfc("9293:3.10.7.3-b")
def test_segment_that_is_neither_syn_nor_reset_is_dropped_while_opening(dut, tester):
    flow = Flow.listening(tester, 80)
    dut.connect(tester.ip, 80)
    flow.syn()
    flow.send("A", seq=flow.isn)
    flow.send("FA", seq=flow.isn)
    flow.send("PA", b"data", seq=flow.isn)
    flow.nothing(but="nothing while opening")
    flow.send("SA", options=[("MSS", 1460)])
    flow.expect("A")
    flow.reset()


@pytest.mark.dut(start=False)
@pytest.mark.rfc("1122:3.2.2.1-4", "9293:MUST-54")
def test_port_unreachable_refuses_the_connection(dut, tester):
    flow = Flow.listening(tester, 80)
    client = dut.connect(tester.ip, 80)
    syn = flow.syn()
    tester.inject(tester.ip4() / ICMP(type=3, code=3) / bytes(syn.underlayer)[:28])
    assert client.failed()
    assert "refused" in client.why().lower()


@pytest.mark.dut(start=False)
@pytest.mark.rfc("9293:MUST-22", "9293:MUST-19", "9293:MUST-20")
def test_syn_is_sent_again_with_backoff_and_then_given_up(dut, tester):
    flow = Flow.listening(tester, 80)
    sysctl = {"net.ipv4.tcp_syn_retries": 2}
    if dut.name == "phantom":  # kernels before 6.5 have no such sysctl, and back off from the start
        sysctl["net.ipv4.tcp_syn_linear_timeouts"] = 0
    client = dut.connect(tester.ip, 80, sysctl=sysctl)
    first = flow.syn()
    for _ in range(2):
        again = flow.expect("S", seq=first.seq, repeated=True, within=120)
        assert options(again).keys() == options(first).keys()
    assert client.failed(within=120)
    assert "timed out" in client.why().lower()
    stamps = [seen.at for seen in tester.received() if TCP in seen.packet]
    gaps = [b - a for a, b in zip(stamps, stamps[1:])]
    assert len(gaps) == 2, tester.log()
    # RFC 6298 2.1 and 5.5: a second, then two. A machine that is busy makes them longer, never shorter.
    assert gaps[0] > 0.5 and gaps[1] > 1.5, f"no back-off: gaps {gaps}"


@pytest.mark.dut(start=False)
@pytest.mark.silent_tester
def test_host_that_does_not_answer_arp_is_unreachable(dut, tester):
    client = dut.connect(tester.ip, 80)
    assert client.failed(within=120)
    assert "no route" in client.why().lower() or "unreachable" in client.why().lower()
