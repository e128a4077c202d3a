# SPDX-License-Identifier: BSD-2-Clause
"""A link with a delay and no reordering keeps the order, whatever the device behind it hands over at once."""

import json
import socket

import pytest

from rig.host import Node
from rig.net import eventually
from rig.session import find_program

BYTES = 3 << 20


def counters(dut, control):
    text = dut.exec(find_program("phantom"), "ctl", control, "counters", "--json", "--all").stdout
    answer = json.loads(text)
    return answer.get("counters", answer)


@pytest.mark.parametrize("vnet", ["", "vnet"])
@pytest.mark.parametrize("link", ["delay 10ms queue 10000 seed 7", "delay 1ms rate 50mbit queue 1000 seed 7"])
def test_super_segments_are_cut_in_order(world, link, vnet):
    for line in ("node peer", "node dut", "bridge lan", "veth peer.eth0 lan", f"tap dut.tap0 lan {vnet}",
                 "addr peer.eth0 10.0.0.1/24", f"link dut.tap0 {link}"):
        world.do(line)
    peer, dut = Node(world, "peer", "10.0.0.1"), Node(world, "dut")
    control = f"{world.dir}/ctl.sock"
    phantom = dut.run(find_program("phantom"), "--tap", "tap0", "--addr", "10.0.0.2/24", "--serve",
                      f"tcp-source:5002:{BYTES}", "--control", control,
                      "--sysctl", "net.ipv4.tcp_rto_min_us=20000000")  # where the wire waits for its turn
    eventually(lambda: "ready" in phantom.errors() + phantom.output(), within=120, what="phantom being ready")
    sock = peer.socket("tcp")
    sock.settimeout(120)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 150_000)  # no more in flight than any queue holds
    sock.connect(("10.0.0.2", 5002))
    got = 0
    while got < BYTES:
        part = sock.recv(1 << 20)
        assert part, f"the stream ended after {got} octets"
        got += len(part)
    seen = counters(dut, control)
    sock.close()
    assert seen["TcpExtTCPSACKReorder"] == 0, "the wire changed the order"
    assert seen["TcpExtTCPFastRetrans"] == 0
