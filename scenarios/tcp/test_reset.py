# SPDX-License-Identifier: BSD-2-Clause
"""Resets: when one is sent, with which numbers, when one is believed (RFC 9293 3.5, RFC 5961)."""

import pytest
from scapy.layers.inet import TCP

from rig.dut import PATIENT
from rig.flow import Flow

ECHO, CLOSED = 7, 9999


# ---- a port where nobody listens ---------------------------------------------------------------

@pytest.mark.rfc("9293:3.5.2-a")
def test_syn_to_a_closed_port_is_reset(dut, tester):
    flow = Flow(tester, CLOSED)
    flow.send("S")
    flow.expect("RA", seq=0, window=0)


@pytest.mark.rfc("9293:3.5.2-a")
def test_reset_of_a_syn_with_data_counts_its_bytes(dut, tester):
    flow = Flow(tester, CLOSED)
    flow.send("S", b"abc")
    flow.expect("RA", seq=0)


@pytest.mark.rfc("9293:3.5.2-b")
@pytest.mark.parametrize("flags", ["A", "PA", "FA", "SA", "UA", "FPA"])
def test_segment_with_ack_to_a_closed_port_is_reset_at_its_ack(dut, tester, flags):
    flow = Flow(tester, CLOSED)
    flow.send(flags, b"x" if "P" in flags else b"", ack=0xABCD1234)
    flow.expect("R", seq=0xABCD1234)


@pytest.mark.rfc("9293:3.5.2-a")
@pytest.mark.parametrize("flags", ["", "F", "P", "U", "FPU"])
def test_segment_without_ack_to_a_closed_port_is_reset_with_an_ack(dut, tester, flags):
    flow = Flow(tester, CLOSED)
    flow.send(flags, b"abcd")
    flow.expect("RA", seq=0)


@pytest.mark.rfc("9293:3.5.2-c")
@pytest.mark.parametrize("flags", ["R", "RA", "RSA", "RFA"])
def test_reset_is_never_answered(dut, tester, flags):
    flow = Flow(tester, CLOSED)
    flow.send(flags, seq=5, ack=7)
    flow.nothing(but="nothing for a reset")


def test_kernel_peer_is_refused_by_a_closed_port(dut, peer):
    with pytest.raises(ConnectionRefusedError):
        peer.connect(dut.ip, CLOSED)


# ---- a port where somebody listens -------------------------------------------------------------

@pytest.mark.rfc("9293:3.10.7.2-a")
@pytest.mark.parametrize("flags", ["A", "PA", "FA", "SA"])
def test_listener_resets_a_segment_with_ack(dut, tester, flags):
    flow = Flow(tester, ECHO)
    flow.send(flags, ack=0x1000)
    flow.expect("R", seq=0x1000)


@pytest.mark.rfc("9293:3.5.3-b", "9293:3.10.7.2-b")
@pytest.mark.parametrize("flags", ["R", "RA", "RS", "", "F", "P", "FPU"])
def test_listener_ignores_resets_and_segments_of_nothing(dut, tester, flags):
    flow = Flow(tester, ECHO)
    flow.send(flags, seq=1, ack=0)
    flow.nothing(but="nothing from a listener")


# ---- half open ---------------------------------------------------------------------------------

@pytest.mark.rfc("9293:3.5.2-d", "9293:3.10.7.4-h")
@pytest.mark.parametrize("off", [-1, 1, 1000], ids=["of nothing", "of the future", "far away"])
def test_wrong_acknowledgment_of_the_syn_ack_is_reset(dut, tester, off):
    flow = Flow(tester, ECHO)
    flow.send("S", options=flow.syn_options)
    flow.expect("SA")
    wrong = flow.ack + off
    flow.send("A", ack=wrong & 0xFFFFFFFF)
    flow.expect("R", seq=wrong)


@pytest.mark.rfc("9293:3.10.7.4-i", "9293:MUST-11")
def test_reset_of_a_half_open_connection_returns_to_listening(dut, tester):
    flow = Flow(tester, ECHO)
    flow.send("S", options=flow.syn_options)
    flow.expect("SA")
    flow.send("R")
    flow.nothing(but="nothing for a reset")
    again = Flow(tester, ECHO, sport=flow.sport, isn=5000)
    again.open()
    again.send("PA", b"x")
    assert again.read(1) == b"x"
    again.close()


# ---- open --------------------------------------------------------------------------------------

def established(tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"up")
    assert flow.read(2) == b"up"
    return flow


@pytest.mark.rfc("9293:3.10.7.4-c", "9293:MUST-12")
def test_reset_at_the_next_number_ends_the_connection(dut, tester):
    flow = established(tester)
    flow.send("R")
    flow.nothing(but="nothing for a reset")
    flow.send("A")
    flow.expect("R")


@pytest.mark.rfc("9293:SHLD-2")
def test_reset_with_data_ends_the_connection(dut, tester):
    flow = established(tester)
    flow.send("RA", b"because", seq=flow.seq)
    flow.nothing(but="nothing for a reset")
    flow.send("A")
    flow.expect("R")


@pytest.mark.rfc("9293:3.10.7.4-c")
@pytest.mark.parametrize("off", [1, 1000], ids=["one off", "well inside"])
def test_reset_elsewhere_in_the_window_is_challenged(dut, tester, off):
    flow = established(tester)
    flow.send("R", seq=flow.seq + off)
    flow.expect("A")
    flow.send("PA", b"still here")
    assert flow.read(10) == b"still here"
    flow.close()


@pytest.mark.rfc("9293:3.10.7.4-b", "9293:3.10.7.4-c")
@pytest.mark.parametrize("off", [-1, -1000, 2**30], ids=["just old", "old", "beyond"])
def test_reset_outside_the_window_is_dropped(dut, tester, off):
    flow = established(tester)
    flow.send("R", seq=flow.seq + off)
    flow.nothing(but="nothing for a reset outside the window")
    flow.send("PA", b"still here")
    assert flow.read(10) == b"still here"
    flow.close()


@pytest.mark.rfc("9293:3.10.7.4-d")
@pytest.mark.parametrize("off", [0, 1000, -1000, 2**30], ids=["next", "in window", "old", "beyond"])
def test_syn_in_an_open_connection_is_challenged(dut, tester, off):
    flow = established(tester)
    flow.send("S", seq=flow.seq + off)
    flow.expect("A")
    flow.send("PA", b"still here")
    assert flow.read(10) == b"still here"
    flow.close()


@pytest.mark.rfc("9293:3.5-a")
@pytest.mark.dut(sysctl=PATIENT)
def test_half_open_connection_recovers(dut, tester):
    flow = established(tester)
    # The tester "crashed" and comes back with a new number on the same ports.
    again = Flow(tester, ECHO, sport=flow.sport, isn=77)
    again.send("S", options=again.syn_options)
    challenge = again.expect("A", seq=flow.ack, ack=flow.seq)
    again.send("R", seq=challenge.ack)
    again.nothing(but="nothing for the reset")
    again.send("S", seq=77, options=again.syn_options)
    again.expect("SA", ack=78)
    again.send("R")


@pytest.mark.rfc("9293:MUST-12")
def test_kernel_peer_sees_resets_and_ends_apart(dut, peer):
    import socket
    import struct
    sock = peer.connect(dut.ip, ECHO)
    sock.sendall(b"x")
    assert sock.recv(10) == b"x"
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    before = dut.counters()["TcpEstabResets"]
    sock.close()
    with dut.counting(TcpEstabResets=0):
        pass
    from rig.net import eventually
    eventually(lambda: dut.counters()["TcpEstabResets"] > before)


@pytest.mark.rfc("9293:3.5.2-a", "9293:3.5.2-b", "9293:3.5.2-c", "9293:3.10.7.2-a",
                 "9293:3.10.7.2-b")
@pytest.mark.parametrize("port", [CLOSED, ECHO], ids=["closed", "listening"])
def test_all_64_flag_combinations_are_answered_as_the_tables_say(dut, tester, port):
    for bits in range(64):
        flags = "".join(name for bit, name in enumerate("FSRPAU") if bits >> bit & 1)
        flow = Flow(tester, port)
        flow.send(flags, seq=1000, ack=2000)
        syn, ack, rst = "S" in flags, "A" in flags, "R" in flags
        if rst:
            continue
        if ack:
            flow.expect("R", seq=2000)
        elif port == CLOSED:
            takes = syn + ("F" in flags)
            flow.expect("RA", seq=0, ack=1000 + takes)
        elif syn and "F" not in flags:
            flow.expect("SA", ack=1001)
            flow.send("R", seq=1001)
    # Flags that no table answers brought nothing: each flow has been read to its end.
    tester.mark()
    late = [flow for flow in tester._flows.values()
            if any(not flow._is_old(seen.packet[TCP], b"") for seen in flow.queue)]
    assert not late, tester.log()
