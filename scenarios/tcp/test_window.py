# SPDX-License-Identifier: BSD-2-Clause
"""TCP windows: ours shrunk to nothing and opened, theirs filled and read (RFC 9293 3.8.6)."""

import pytest

from rig.dut import PATIENT
from rig.flow import ANY, Flow
from rig.match import TCP, payload
from rig.net import pattern, unhurried

ECHO, SOURCE = 7, 5002


@pytest.mark.rfc("9293:MUST-34", "9293:SHLD-15")
@pytest.mark.parametrize("window", [1460, 2920, 5000])
@pytest.mark.dut(sysctl=PATIENT)
def test_no_more_is_sent_than_the_window_allows(dut, tester, window):
    flow = Flow(tester, SOURCE, window=window)
    flow.open()
    total = 0
    while total < window // 2:
        total += len(flow.expect_data())
    total += sum(len(body) for _, body in flow.drain())
    assert total <= window, f"{total} bytes into a window of {window}"
    flow.nothing(but="nothing beyond the window")
    flow.reset()


@pytest.mark.rfc("9293:MUST-35", "9293:MUST-36", "9293:MUST-37", "9293:SHLD-29", "9293:SHLD-30")
def test_zero_window_is_probed_with_backoff_and_opens_again(dut, tester):
    def measure():
        """The intervals of probes. A machine that is busy makes them longer, never shorter."""
        flow = Flow(tester, ECHO)
        flow.open()
        flow.send("PA", b"q" * 100, window=0)
        probes = []
        while len(probes) < 4:
            tcp = flow.expect("A", seq=ANY, ack=ANY, repeated=True, within=120)
            back = (flow.ack - tcp.seq) & 0xFFFFFFFF
            taken = len(tcp.payload)
            if back == 1 or taken == 1:  # by a number already acknowledged, or by one byte of data
                probes.append(flow.at)
                flow.send("A", window=0, ack=flow.peer_isn + 1)
        gaps = [b - a for a, b in zip(probes, probes[1:])]
        assert all(gap > 0.15 * 2**n for n, gap in enumerate(gaps, 1)), f"no back-off: {gaps}"
        flow.ack = flow.peer_isn + 1
        flow.peer_end = flow.ack
        flow.queue.clear()
        flow.send("A", window=65535)
        assert flow.read(100) == b"q" * 100
        flow.close()
        return gaps

    def growing(gaps):
        return all(later > 1.4 * gap for gap, later in zip(gaps, gaps[1:]))

    gaps = unhurried(measure, growing)
    assert growing(gaps), f"no back-off: {gaps}"


@pytest.mark.rfc("9293:MUST-66", "9293:3.8.6.1-a")
@pytest.mark.dut(sysctl=PATIENT)  # nor is the window probed meanwhile
def test_reset_is_heard_while_our_window_is_zero(dut, tester):
    flow = Flow(tester, ECHO)
    flow.open()
    flow.send("PA", b"q", window=0)
    flow.expect("A", ack=ANY)
    flow.send("R")
    flow.nothing(but="nothing for a reset")
    flow.send("A")
    flow.expect("R", seq=ANY)


@pytest.mark.rfc("9293:3.10.7.4-g")
@pytest.mark.parametrize("how", ["by its number", "by its acknowledgment", "overtaken"])
@pytest.mark.dut(sysctl=PATIENT)
def test_old_segment_does_not_change_the_window(dut, tester, how):
    flow = Flow(tester, SOURCE, window=1460)
    flow.open()
    flow.expect_data()
    flow.drain()
    flow.send("A")
    flow.expect_data()
    flow.drain()
    una = flow.ack
    # A segment from before the last one: its window is not the present one.
    if how == "by its number":
        flow.send("A", seq=flow.seq - 1, ack=una, window=60000)
    elif how == "by its acknowledgment":
        flow.send("A", seq=flow.seq, ack=flow.peer_isn + 1, window=60000)
    else:
        flow.send("A")
        flow.expect_data()
        flow.drain()
        una = flow.ack
        flow.send("A", b"2", seq=flow.seq + 1, ack=una - 1460)
        flow.send("A", b"1", seq=flow.seq, ack=una - 1460, window=60000)
    came = [body for _, body in flow.drain() if body]
    assert not came, f"data beyond the present window\n{tester.log()}"
    flow.reset()


def test_full_window_of_the_receiver_closes_and_opens(dut, peer):
    """An echo whose answers nobody reads fills both directions, and moves on when they are read."""
    import threading
    total = 2_000_000
    sock = peer.connect(dut.ip, ECHO)
    sock.settimeout(120)
    sender = threading.Thread(target=sock.sendall, args=(pattern(total),), daemon=True)
    sender.start()
    from rig.net import eventually
    eventually(lambda: stalled(peer, dut), within=120, what="the sender being stopped by the window")
    from rig.host import receive_exactly
    assert receive_exactly(sock, total) == pattern(total)
    sender.join(60)
    assert not sender.is_alive()


def stalled(peer, dut):
    """Both queues stand still: nothing moves between two looks."""
    def queues():
        text = peer.exec("cat", "/proc/net/tcp").stdout.splitlines()[1:]
        return [line.split()[4] for line in text if line.split()[2].endswith(":0007")]
    first = queues()
    moved = dut.counters()["TcpInSegs"]
    peer.exec("true")
    return (first and first == queues() and first[0] != "00000000:00000000"
            and dut.counters()["TcpInSegs"] == moved)


@pytest.mark.rfc("9293:MUST-39", "9293:SHLD-14")
def test_right_edge_of_the_window_never_moves_left(dut, tester):
    flow = Flow(tester, 9)
    window = flow.open().window
    edge = flow.seq + window
    for number in range(40):
        flow.send("PA", pattern(700 + number))
        while True:
            tcp = flow.expect("A", ack=ANY)
            assert ((tcp.ack + tcp.window) - edge) & 0xFFFFFFFF < 2**31, "the window shrank"
            edge = tcp.ack + tcp.window
            if tcp.ack == flow.seq:
                break
    flow.reset()
