# SPDX-License-Identifier: BSD-2-Clause
"""A whole HTTP exchange by hand: SYN, SYN-ACK, ACK, GET, response, FIN; every number checked.

Against the device's http service, and against a real web server on the kernel peer. The client is
at an address that only the rig's responder answers for, so that no kernel stack meets the segments.
"""

import pytest

from rig.flow import Flow
from rig.match import IP, TCP, payload
from rig.net import PEER_IP, checksum, eventually
from rig.tester import Ether

GET = b"GET / HTTP/1.1\r\nHost: phantom.test\r\nConnection: close\r\n\r\n"


def tcp_checksum_holds(packet):
    ip = packet[IP]
    raw = bytes(ip)[ip.ihl * 4:ip.len]
    pseudo = (bytes(map(int, ip.src.split("."))) + bytes(map(int, ip.dst.split(".")))
              + bytes([0, 6]) + len(raw).to_bytes(2, "big"))
    return checksum(pseudo + raw) == 0 and checksum(bytes(ip)[:ip.ihl * 4]) == 0


def exchange(tester, port):
    """The exchange; returns the response's bytes."""
    flow = Flow(tester, port, sport=50000, isn=0x10000000)
    flow.send("S", options=[("MSS", 1460)])
    synack = flow.expect("SA", sport=port, dport=50000, ack=0x10000001, urgptr=0)
    isn = synack.seq
    flow.send("A", seq=0x10000001, ack=isn + 1)
    flow.send("PA", GET)
    assert flow.seq == 0x10000001 + len(GET)
    response = flow.read_to_end()
    assert flow.ack == (isn + 1 + len(response) + 1) & 0xFFFFFFFF, "numbers and bytes disagree"
    flow.send("FA")
    flow.expect("A", seq=isn + 1 + len(response) + 1, ack=0x10000001 + len(GET) + 1)
    wrong = [seen for seen in tester.received()
             if TCP in seen.packet and not tcp_checksum_holds(seen.packet)]
    assert not wrong, f"checksum wrong: {wrong[0]}"
    return response


def check_response(response):
    head, _, body = response.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    pairs = (line.split(b":", 1) for line in lines)
    fields = {name.lower(): value.strip() for name, value in pairs}
    assert status.split()[1] == b"200", status
    assert int(fields[b"content-length"]) == len(body) > 0


@pytest.mark.rfc("9293:3.4-a", "9293:3.6-a")
def test_hand_made_http_exchange_with_the_device(dut, tester):
    check_response(exchange(tester, 80))


def test_hand_made_http_exchange_survives_segments_of_one_byte(dut, tester):
    flow = Flow(tester, 80)
    flow.open()
    for byte in GET:
        flow.send("PA", bytes([byte]))
    check_response(flow.read_to_end())
    flow.send("FA")
    flow.expect("A")


def test_hand_made_http_exchange_with_a_real_web_server(lan, peer, tester, world):
    import sys
    root = f"{world.dir}/www"
    peer.exec("mkdir", root)
    peer.exec("sh", "-c", f"echo a page of the peer > {root}/index.html")
    server = peer.run(sys.executable, "-u", "-m", "http.server", "8080", "--directory", root)
    eventually(lambda: "8080" in server.output(), within=120, what="the web server being up")
    shown = {node["name"]: node for node in world.do("show")["nodes"]}
    mac = shown["peer"]["devices"][0]["mac"]
    tester.dst_ip, tester.dst_mac = PEER_IP, mac
    response = exchange(tester, 8080)
    assert response.startswith(b"HTTP/1.0 200") and response.endswith(b"a page of the peer\n")
    assert Ether(tester.received()[0].raw).src == mac
    assert payload(tester.received()[-1].packet) is not None


@pytest.mark.parametrize("number", [1, 20])
def test_curl_gets_the_page(dut, peer, number):
    for _ in range(number):
        result = peer.exec("curl", "-sS", "-i", "--max-time", "120", f"http://{dut.ip}/")
        assert result.stdout.startswith("HTTP/1.1 200"), result.stdout
