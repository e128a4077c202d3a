# SPDX-License-Identifier: BSD-2-Clause
"""TCP connections closed by either side, by both at once, and half closed (RFC 9293 3.6)."""

import re

import pytest

from rig.dut import PATIENT
from rig.flow import ANY, Flow
from rig.net import pattern

ECHO, DISCARD, DAYTIME, SOURCE = 7, 9, 13, 5002


@pytest.mark.rfc("9293:3.6-a", "9293:3.10.7.4-k", "9293:3.10.7.4-n", "9293:MUST-12")
def test_close_by_the_client_is_acknowledged_and_followed(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("FA")
    flow.expect("FA")
    flow.send("A")
    flow.nothing(but="nothing after the last acknowledgment")
    # The connection is gone: what comes for it meets a reset.
    flow.send("A")
    flow.expect("R")


@pytest.mark.rfc("9293:3.6-a", "9293:3.10.7.4-l", "9293:3.10.7.4-m", "9293:MUST-13", "1337:3-2")
def test_close_by_the_server_passes_fin_wait_and_lingers(dut, tester):
    flow = Flow(tester, DAYTIME)
    flow.open()
    line = flow.read_to_end()
    assert re.fullmatch(rb"[\x20-\x7e]+\r\n", line), line
    flow.send("A")
    flow.nothing(but="nothing in FIN-WAIT-2")
    flow.send("FA")
    flow.expect("A")
    # TIME-WAIT: a FIN sent again is acknowledged again, and so is old data.
    flow.send("FA", seq=flow.seq - 1)
    flow.expect("A")


@pytest.mark.rfc("9293:3.6-b")
def test_simultaneous_close_passes_closing(dut, tester):
    flow = Flow(tester, DAYTIME)
    flow.open()
    flow.read_to_end()
    # Our FIN does not acknowledge theirs: it is on its way at the same time.
    flow.send("FA", ack=flow.ack - 1)
    flow.expect("A")
    flow.send("A")
    flow.nothing(but="nothing in TIME-WAIT")
    flow.send("FA", seq=flow.seq - 1)
    flow.expect("A")


def test_fin_that_acknowledges_a_fin_ends_both_sides_in_one_exchange(dut, tester):
    flow = Flow(tester, DAYTIME)
    flow.open()
    flow.read_to_end()
    flow.send("FA")
    flow.expect("A")
    flow.nothing(but="nothing in TIME-WAIT")


@pytest.mark.rfc("9293:3.6-a")
def test_half_closed_connection_still_carries_data_to_the_client(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("FPA", b"last words")
    assert flow.read_to_end() == b"last words"
    flow.send("A")
    flow.nothing(but="nothing after the end")


@pytest.mark.rfc("9293:3.6-a")
def test_half_closed_server_sends_all_it_has(dut, tester):
    flow = Flow(tester, SOURCE)
    flow.open()
    flow.send("FA")
    got = flow.read_to_end()
    assert len(got) == 300000 and got == pattern(300000)
    flow.send("A")


@pytest.mark.rfc("9293:3.6-a")
def test_kernel_peer_half_closes_and_reads_on(dut, peer):
    import socket
    from rig.host import receive_all
    sock = peer.connect(dut.ip, ECHO)
    sock.sendall(b"one way")
    sock.shutdown(socket.SHUT_WR)
    assert receive_all(sock) == b"one way"


@pytest.mark.rfc("9293:3.10.7.4-o")
def test_fin_ahead_of_its_data_waits_for_it(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    start = flow.seq
    flow.send("FA", b"", seq=start + 4)
    flow.expect("A", ack=start)
    flow.send("PA", b"data", seq=start)
    flow.seq = start + 5
    assert flow.read_to_end() == b"data"
    flow.send("A")
    flow.nothing(but="nothing after the end")


@pytest.mark.rfc("9293:3.10.7.4-j")
def test_data_after_the_fin_is_not_delivered(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("FPA", b"end")
    flow.send("PA", b"more", seq=flow.seq)
    got = flow.read_to_end()
    assert got == b"end"


def test_fin_sent_again_is_acknowledged_again(dut, tester):
    flow = Flow(tester, DISCARD)
    flow.open()
    flow.send("FA")
    flow.expect("FA")
    flow.send("FA", seq=flow.seq - 1, ack=flow.ack - 1)
    flow.expect("A")
    flow.send("A")


@pytest.mark.rfc("9293:MAY-2")
def test_new_connection_may_follow_at_once_from_another_port(dut, tester):
    for _ in range(20):
        flow = Flow(tester, ECHO)
        flow.open()
        flow.send("PA", b"again")
        assert flow.read(5) == b"again"
        flow.close()


@pytest.mark.rfc("9293:MAY-2")
@pytest.mark.dut(sysctl=PATIENT)
def test_time_wait_gives_way_to_a_new_syn_with_a_higher_number(dut, tester):
    flow = Flow(tester, DAYTIME)
    flow.open()
    flow.read_to_end()
    flow.send("FA")
    flow.expect("A")
    again = Flow(tester, DAYTIME, sport=flow.sport, isn=flow.seq + 100000)
    again.send("S", options=again.syn_options)
    synack = again.expect("SA")
    assert synack.seq != flow.peer_isn
    again.send("A")
    assert again.read_to_end().endswith(b"\r\n")
    again.reset()


@pytest.mark.rfc("9293:SHLD-3")
@pytest.mark.dut(start=False)
def test_active_closer_sends_fin_after_its_data(dut, tester):
    flow = Flow.listening(tester, 80)
    client = dut.connect(tester.ip, 80)
    flow.accept()
    client.send(b"request")
    flow.expect("PA", data=b"request")
    flow.send("A")
    client.shutdown()
    flow.expect("FA")
    flow.send("PA", b"response")
    flow.expect("A", ack=ANY)
    flow.send("FA")
    flow.expect("A")
    assert not client.failed()
    assert client.received() == b"response"
