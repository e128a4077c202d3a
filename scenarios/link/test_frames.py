# SPDX-License-Identifier: BSD-2-Clause
"""Frames of every form (RFC 894, 1042, 802.1Q): read where a host must, and never over-read."""

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw


def echo(tester, seq):
    return IP(src=tester.ip, dst=tester.dst_ip) / ICMP(type=8, id=9, seq=seq) / Raw(b"frames")


def in_snap(tester, packet, oui=b"\0\0\0", padding=b""):
    data = b"\xaa\xaa\x03" + oui + b"\x08\x00" + bytes(packet)
    head = bytes(Ether(src=tester.mac, dst=tester.dst_mac, type=0x0800))[:12]
    return head + len(data).to_bytes(2, "big") + data + padding


def replies(packet):
    return ICMP in packet and packet[ICMP].type == 0


@pytest.mark.duts("phantom")
@pytest.mark.rfc("1122:2.3.3-2", "1122:2.3.3-3", "894:1")
def test_a_ping_in_a_snap_frame_is_answered_in_ethernet(dut, tester):
    tester.inject(in_snap(tester, echo(tester, 1), padding=bytes(7)))
    reply = tester.expect(Ether(type=0x0800) / ICMP(type=0, id=9, seq=1))
    assert bytes(reply[Raw])[:6] == b"frames"


def test_frames_of_other_802_protocols_are_ignored(dut, tester):
    tester.inject(in_snap(tester, echo(tester, 2), oui=b"\0\0\xf8"))
    tester.inject(bytes(Ether(src=tester.mac, dst=tester.dst_mac, type=0x0800))[:12]
                  + b"\0\x26\x42\x42\x03" + bytes(35))
    tester.nothing(replies, but="no answer to what is not IP")


@pytest.mark.rfc("894:3")
def test_padding_behind_the_packet_is_no_data(dut, tester):
    tester.inject(bytes(Ether(src=tester.mac, dst=tester.dst_mac) / echo(tester, 3)) + b"\x55" * 40)
    reply = tester.expect(ICMP(type=0, id=9, seq=3))
    assert reply[IP].len == 20 + 8 + 6


def test_a_tag_with_a_priority_alone_is_no_vlan(dut, tester):
    tester.inject(Ether(src=tester.mac, dst=tester.dst_mac) / Dot1Q(vlan=0, prio=5)
                  / echo(tester, 4))
    tester.expect(ICMP(type=0, id=9, seq=4))


def test_a_frame_of_a_vlan_that_is_not_ours_is_ignored(dut, tester):
    tester.inject(Ether(src=tester.mac, dst=tester.dst_mac) / Dot1Q(vlan=7) / echo(tester, 5))
    tester.nothing(replies, but="no answer to another VLAN")


@pytest.mark.rfc("CVE-2020-11906")
@pytest.mark.parametrize("length", range(0, 26, 3))
def test_a_frame_cut_in_its_headers_is_survived(dut, tester, length):
    whole = bytes(Ether(src=tester.mac, dst=tester.dst_mac) / Dot1Q(vlan=0) / echo(tester, 6))
    tester.inject(whole[:max(length, 14)])
    tester.nothing(replies, but="no answer to a piece of a frame")


@pytest.mark.rfc("CVE-2016-7039")
@pytest.mark.parametrize("depth", [2, 3, 40, 300])
def test_tags_behind_tags_are_not_followed_down(dut, tester, depth):
    """802.1Q and 802.1ad in turn, and IP in IP: what is inside is not for us (the kernel does go
    down tags of no VLAN, one after the other)."""
    head = bytes(Ether(src=tester.mac, dst=tester.dst_mac))[:12]
    tags = b"".join((b"\x81\0", b"\x88\xa8")[number % 2] + b"\0\0" for number in range(depth))
    tester.inject(head + tags + b"\x08\0" + bytes(echo(tester, 8)))
    nested = bytes(echo(tester, 9))
    for _ in range(40):
        nested = bytes(IP(src=tester.ip, dst=tester.dst_ip, proto=4) / Raw(nested))
    tester.inject(head + b"\x08\0" + nested)
    seqs = (8, 9) if dut.name == "phantom" else (9,)
    tester.nothing(lambda packet: replies(packet) and packet[ICMP].seq in seqs,
                   but="no answer to what is wrapped up")


@pytest.mark.duts("phantom")
def test_a_vlan_is_a_link_of_its_own(dut, tester):
    dut.ask(cmd="link_add", name="tap0.7", vlan=7)
    dut.ask(cmd="addr_add", addr="10.7.0.2/24", dev="tap0.7")
    dut.ask(cmd="neigh_add", addr="10.7.0.1", lladdr=tester.mac, dev="tap0.7")
    tester.inject(Ether(src=tester.mac, dst=tester.dst_mac) / Dot1Q(vlan=7)
                  / IP(src="10.7.0.1", dst="10.7.0.2") / ICMP(type=8, id=9, seq=7))
    # The kernel takes the tag off what it hands to packet sockets: the link's counters tell.
    tester.expect(IP(src="10.7.0.2", dst="10.7.0.1") / ICMP(type=0, id=9, seq=7))
    link = [one for one in dut.ask(cmd="links")["links"] if one["name"] == "tap0.7"][0]
    assert link["stats64"]["rx_packets"] == 1 and link["stats64"]["tx_packets"] >= 1
