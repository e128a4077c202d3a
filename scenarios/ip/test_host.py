# SPDX-License-Identifier: BSD-2-Clause
"""A host is no router: what is for others is dropped, and nobody is told (RFC 1122 3.3.4, 1812 5.3)."""

import pytest
from scapy.layers.inet import ICMP, IP, UDP, fragment
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from rig.net import pattern
from rig.tester import BROADCAST

GROUP_MAC = "01:00:5e:01:02:03"


def ours(packet):
    return IP in packet or ARP in packet


FOREIGN = {
    "another host of the network": {"dst": "10.0.0.77"},
    "another network": {"dst": "192.0.2.1"},
    "a link-local address": {"dst": "169.254.3.4"},
    "a reserved address": {"dst": "240.0.0.1"},
    "network zero": {"dst": "0.0.0.7"},
    "another network's broadcast": {"dst": "192.0.2.255"},
}


@pytest.mark.rfc("1812:5.3.11-1", "1122:3.2.2.2-1", "3927:2.7-1", "1812:5.3.7-1", "1812:5.3.5.2-1")
@pytest.mark.parametrize("what", FOREIGN)
@pytest.mark.parametrize("ttl", [1, 2, 64])
def test_packet_for_another_is_neither_forwarded_nor_reported(dut, tester, what, ttl):
    tester.mark()
    start = len(tester.frames)
    tester.inject(Ether(src=tester.mac, dst=dut.mac)
                  / IP(src=tester.ip, ttl=ttl, **FOREIGN[what]) / UDP(sport=4000, dport=7) / Raw(b"x"))
    tester.mark()
    sent = [seen for seen in tester.received(start) if ours(seen.packet)
            and not (ICMP in seen.packet and seen.packet[ICMP].type == 0)]
    assert not sent, f"something was sent for {what}\n{tester.log()}"


@pytest.mark.rfc("1812:5.3.4-1", "1812:5.3.5.1-1")
@pytest.mark.parametrize("mac", [BROADCAST, GROUP_MAC], ids=["broadcast", "group"])
@pytest.mark.parametrize("dst", ["192.0.2.1", "10.0.0.77", "255.255.255.255"])
def test_frame_for_all_is_not_forwarded(dut, tester, mac, dst):
    tester.inject(Ether(src=tester.mac, dst=mac)
                  / IP(src=tester.ip, dst=dst, ttl=9) / UDP(sport=4000, dport=9999) / Raw(b"x"))
    tester.nothing(lambda packet: IP in packet, but="no packet passed on")


@pytest.mark.rfc("6864:4.1-2", "6864:4-1")
@pytest.mark.parametrize("number", [0, 0x1234])
def test_identification_of_whole_packets_says_nothing(dut, tester, number):
    for seq in range(4):
        tester.inject(tester.ip4(id=number, flags="DF") / ICMP(type=8, id=7, seq=seq) / Raw(b"same"))
        tester.expect(ICMP(type=0, id=7, seq=seq) / Raw(b"same"))


@pytest.mark.rfc("6864:4.1-2", "6864:4-1", "815:5")
def test_whole_packet_does_not_join_fragments_of_its_number(dut, tester):
    pieces = fragment(IP(src=tester.ip, dst=dut.ip, id=0x55) / ICMP(type=8, id=7, seq=1)
                      / Raw(pattern(400)), fragsize=200)
    tester.inject(pieces[0])
    tester.inject(tester.ip4(id=0x55) / ICMP(type=8, id=7, seq=2) / Raw(b"whole"))
    tester.expect(ICMP(type=0, id=7, seq=2) / Raw(b"whole"))
    for piece in pieces[1:]:
        tester.inject(piece)
    tester.expect(ICMP(type=0, id=7, seq=1) / Raw(pattern(400)))


@pytest.mark.rfc("1122:3.2.2.9-1", "1122:3.2.2.7-1")
@pytest.mark.parametrize("kind", [15, 17, 18])
def test_old_questions_and_answers_change_nothing(dut, tester, kind):
    tester.inject(tester.ip4() / ICMP(type=kind) / Raw(b"\0\0\0\0"))
    tester.nothing(lambda packet: IP in packet, but=f"no answer to ICMP type {kind}")
    tester.inject(tester.ip4() / ICMP(type=8, id=7, seq=9) / Raw(b"still"))
    tester.expect(IP(src=dut.ip) / ICMP(type=0, id=7, seq=9) / Raw(b"still"))


@pytest.mark.rfc("6633:5-1", "1122:3.2.2-4")
def test_source_quench_is_not_told_to_udp(dut, tester):
    tester.inject(tester.ip4() / UDP(sport=4000, dport=7) / Raw(b"one"))
    reply = tester.expect(UDP(sport=7, dport=4000) / Raw(b"one"))
    tester.inject(tester.ip4() / ICMP(type=4, code=0) / Raw(bytes(reply[IP])[:28]))
    tester.inject(tester.ip4() / UDP(sport=4000, dport=7) / Raw(b"two"))
    tester.expect(UDP(sport=7, dport=4000) / Raw(b"two"))
