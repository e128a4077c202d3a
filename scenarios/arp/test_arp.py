# SPDX-License-Identifier: BSD-2-Clause
"""ARP (RFC 826, 1122 2.3.2, 5227): asked, answered, learned, and not learned."""

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from rig.net import DUT_IP, DUT_MAC, TESTER_IP, TESTER_MAC
from rig.tester import BROADCAST

OTHER_IP, OTHER_MAC = "10.0.0.101", "02:00:0a:00:00:65"
ZERO_MAC = "00:00:00:00:00:00"

# The tester answers no ARP by itself in these cases.
pytestmark = pytest.mark.silent_tester


def request(pdst=DUT_IP, psrc=TESTER_IP, hwsrc=TESTER_MAC, dst=BROADCAST, **fields):
    return (Ether(src=hwsrc, dst=dst)
            / ARP(op=1, hwsrc=hwsrc, psrc=psrc, hwdst=ZERO_MAC, pdst=pdst, **fields))


def reply_to(tester, mac=TESTER_MAC, ip=TESTER_IP):
    return (Ether(src=mac, dst=tester.dst_mac)
            / ARP(op=2, hwsrc=mac, psrc=ip, hwdst=tester.dst_mac, pdst=tester.dst_ip))


def ping(ip=TESTER_IP, mac=TESTER_MAC, seq=1):
    return (Ether(src=mac, dst=DUT_MAC) / IP(src=ip, dst=DUT_IP)
            / ICMP(type=8, id=7, seq=seq) / Raw(b"ping"))


def introduce(tester, ip=TESTER_IP, mac=TESTER_MAC):
    """The device learns the tester: it was asked by it."""
    tester.inject(request(psrc=ip, hwsrc=mac))
    tester.expect(ARP(op=2, pdst=ip), skip=True)


def find(tester):
    """introduce() behind a flood, where a request may be lost."""
    tester.ask(request(), ARP(op=2, pdst=TESTER_IP))


def no_reply(tester):
    """Introduces the tester, after which a ping can be answered, and nothing came before."""
    start = len(tester.frames)
    introduce(tester)
    replies = [seen for seen in tester.received(start)
               if ARP in seen.packet and seen.packet[ARP].op == 2]
    assert len(replies) == 1, f"one reply was due, to the last request alone\n{tester.log()}"
    tester.mark()


@pytest.mark.rfc("826:rcv-6", "1122:2.3.3-4", "5227:2.6-1")
def test_request_for_our_address_is_answered_to_the_asker(dut, tester):
    tester.inject(request())
    tester.expect(Ether(src=dut.mac, dst=tester.mac, type=0x0806)
                  / ARP(hwtype=1, ptype=0x0800, hwlen=6, plen=4, op=2, hwsrc=dut.mac, psrc=dut.ip,
                        hwdst=tester.mac, pdst=tester.ip))


@pytest.mark.rfc("826:rcv-6")
def test_request_sent_to_our_hardware_address_is_answered(dut, tester):
    tester.inject(request(dst=dut.mac))
    tester.expect(ARP(op=2, hwsrc=dut.mac, psrc=dut.ip, hwdst=tester.mac, pdst=tester.ip))


def test_request_padded_to_the_smallest_frame_is_answered(dut, tester):
    tester.inject(bytes(request()) + bytes(18))
    tester.expect(ARP(op=2, hwsrc=dut.mac, psrc=dut.ip))


@pytest.mark.rfc("826:gen-2")
def test_target_hardware_address_of_a_request_may_have_any_value(dut, tester):
    frame = request()
    frame[ARP].hwdst = "ff:ff:ff:ff:ff:ff"
    tester.inject(frame)
    tester.expect(ARP(op=2, psrc=dut.ip, hwdst=tester.mac))


@pytest.mark.rfc("826:rcv-5")
def test_request_for_another_address_is_not_answered(dut, tester):
    tester.inject(request(pdst="10.0.0.77"))
    no_reply(tester)


@pytest.mark.rfc("826:rcv-7")
def test_reply_is_never_answered(dut, tester):
    tester.inject(reply_to(tester))
    no_reply(tester)


@pytest.mark.rfc("5227:2.5-1")
def test_probe_of_our_address_is_answered_and_its_zero_sender_not_learned(dut, tester):
    tester.inject(request(psrc="0.0.0.0"))
    tester.expect(ARP(op=2, hwsrc=dut.mac, psrc=dut.ip, hwdst=tester.mac, pdst="0.0.0.0"))
    no_reply(tester)


@pytest.mark.rfc("826:rcv-4")
def test_asker_is_learned_and_gets_its_packets_without_being_asked(dut, tester):
    introduce(tester)
    start = len(tester.frames)
    tester.inject(ping())
    tester.expect(Ether(dst=tester.mac) / ICMP(type=0, id=7, seq=1))
    asked = [seen for seen in tester.received(start) if ARP in seen.packet]
    assert not asked, f"the device asked for an address it had learned\n{tester.log()}"


@pytest.mark.rfc("826:gen-1", "1122:2.3.2.2-1", "1122:2.4-2")
def test_unknown_neighbour_is_asked_by_broadcast_and_the_packet_waits(dut, tester):
    tester.inject(ping())
    tester.expect(Ether(src=dut.mac, dst=BROADCAST, type=0x0806)
                  / ARP(hwtype=1, ptype=0x0800, hwlen=6, plen=4, op=1, hwsrc=dut.mac, psrc=dut.ip,
                        pdst=tester.ip))
    tester.inject(reply_to(tester))
    tester.expect(Ether(dst=tester.mac) / ICMP(type=0, id=7, seq=1) / Raw(b"ping"))


@pytest.mark.rfc("1122:2.3.2.2-1")
def test_packets_wait_for_the_reply_and_leave_in_order(dut, tester):
    for seq in range(1, 4):
        tester.inject(ping(seq=seq))
    tester.expect(ARP(op=1, pdst=tester.ip))
    tester.inject(reply_to(tester))
    for seq in range(1, 4):
        tester.expect(ICMP(type=0, id=7, seq=seq))


@pytest.mark.rfc("1122:2.3.2.1-3", "1122:2.4-2")
def test_silent_neighbour_is_asked_three_times_a_second_apart(dut, tester):
    tester.inject(ping())
    for _ in range(3):
        tester.expect(Ether(dst=BROADCAST) / ARP(op=1, pdst=tester.ip))
    stamps = [seen.at for seen in tester.received() if ARP in seen.packet]
    gaps = [b - a for a, b in zip(stamps, stamps[1:])]
    assert len(gaps) == 2 and all(gap > 0.5 for gap in gaps), f"gaps {gaps}\n{tester.log()}"
    # The tester is still unknown and can be learned: the failure was forgotten.
    no_reply(tester)


@pytest.mark.rfc("826:rcv-3")
def test_gratuitous_arp_updates_what_is_known(dut, tester):
    introduce(tester)
    tester.inject(request(psrc=TESTER_IP, pdst=TESTER_IP, hwsrc=OTHER_MAC))
    tester.mac = OTHER_MAC
    tester.inject(ping(mac=OTHER_MAC))
    tester.expect(Ether(dst=OTHER_MAC) / ICMP(type=0, id=7))


@pytest.mark.rfc("826:rcv-5", "CVE-1999-0667")
@pytest.mark.parametrize("op", [1, 2], ids=["request", "reply"])
def test_gratuitous_arp_of_an_unknown_host_makes_no_entry(dut, tester, op):
    tester.inject(Ether(src=TESTER_MAC, dst=BROADCAST)
                  / ARP(op=op, hwsrc=TESTER_MAC, psrc=TESTER_IP, hwdst=ZERO_MAC, pdst=TESTER_IP))
    tester.inject(ping())
    tester.expect(Ether(dst=BROADCAST) / ARP(op=1, pdst=tester.ip))


@pytest.mark.rfc("826:rcv-5")
def test_request_for_another_address_makes_no_entry(dut, tester):
    tester.inject(request(pdst="10.0.0.77"))
    tester.inject(ping())
    tester.expect(Ether(dst=BROADCAST) / ARP(op=1, pdst=tester.ip))


@pytest.mark.rfc("CVE-1999-0667")
def test_unasked_reply_makes_no_entry(dut, tester):
    tester.inject(reply_to(tester))
    tester.inject(ping())
    tester.expect(Ether(dst=BROADCAST) / ARP(op=1, pdst=tester.ip))


def test_claim_of_our_own_address_changes_nothing(dut, tester):
    introduce(tester)
    tester.inject(Ether(src=OTHER_MAC, dst=BROADCAST)
                  / ARP(op=2, hwsrc=OTHER_MAC, psrc=dut.ip, hwdst=ZERO_MAC, pdst=dut.ip))
    tester.inject(request())
    tester.expect(ARP(op=2, hwsrc=dut.mac, psrc=dut.ip), skip=True)
    tester.mark()


def test_two_neighbours_are_told_apart(dut, tester):
    introduce(tester)
    tester.inject(request(psrc=OTHER_IP, hwsrc=OTHER_MAC))
    tester.inject(ping())
    tester.expect(Ether(dst=TESTER_MAC) / IP(dst=TESTER_IP) / ICMP(type=0, id=7))
    tester.mac = OTHER_MAC
    tester.inject(ping(ip=OTHER_IP, mac=OTHER_MAC, seq=2))
    tester.expect(Ether(dst=OTHER_MAC) / IP(dst=OTHER_IP) / ICMP(type=0, id=7, seq=2))


MALFORMED = {
    "hardware type of another network": (dict(hwtype=2), "ARP_MALFORMED"),
    "protocol type IPv6": (dict(ptype=0x86DD), "ARP_MALFORMED"),
    "hardware length 0": (dict(hwlen=0), "ARP_MALFORMED"),
    "hardware length 255": (dict(hwlen=255), "ARP_MALFORMED"),
    "protocol length 0": (dict(plen=0), "ARP_MALFORMED"),
    "protocol length 16": (dict(plen=16), "ARP_MALFORMED"),
    "operation 0": (dict(op=0), "ARP_OPCODE"),
    "operation 3": (dict(op=3), "ARP_OPCODE"),
    "operation 65535": (dict(op=65535), "ARP_OPCODE"),
}


@pytest.mark.rfc("826:rcv-1", "826:rcv-2", "826:rcv-7", "CVE-2020-11914", "CVE-2019-12262")
@pytest.mark.parametrize("row", MALFORMED)
def test_malformed_arp_is_dropped(dut, tester, row):
    fields, reason = MALFORMED[row]
    raw = bytearray(bytes(request()))
    for name, value in fields.items():
        at, size = {"hwtype": (14, 2), "ptype": (16, 2), "hwlen": (18, 1), "plen": (19, 1),
                    "op": (20, 2)}[name]
        raw[at:at + size] = value.to_bytes(size, "big")
    expected = {f"PhantomDrop{reason}": 1} if dut.name == "phantom" else {}
    with dut.counting(**expected):
        tester.inject(raw)
        no_reply(tester)


@pytest.mark.rfc("CVE-2020-11914", "CVE-2018-16600")
@pytest.mark.parametrize("length", [14, 15, 20, 27, 41])
def test_truncated_arp_is_dropped(dut, tester, length):
    expected = {"PhantomDropARP_MALFORMED": 1} if dut.name == "phantom" else {}
    with dut.counting(**expected):
        tester.inject(bytes(request())[:length])
        no_reply(tester)


@pytest.mark.rfc("ARP from broadcast/multicast/own MAC")
@pytest.mark.parametrize("psrc", ["255.255.255.255", "224.0.0.1", "127.0.0.1"])
def test_sender_that_is_no_host_is_not_learned(dut, tester, psrc):
    tester.inject(request(psrc=psrc))
    introduce(tester)
    tester.mark()


@pytest.mark.rfc("CVE-2015-8230", "ARP cache exhaustion")
@pytest.mark.duts("phantom")
def test_a_storm_leaves_room_for_others_and_memory_as_it_was(dut, tester, lan):
    introduce(tester)
    before = dut.ask(cmd="usage")["usage"]["bytes"]
    for number in range(1500):
        ip = f"10.0.0.{number % 250 + 1}" if number % 2 else f"10.{number % 200 + 1}.7.{number % 250}"
        if ip not in (DUT_IP, TESTER_IP, lan.peer.ip):
            mac = f"02:00:0b:00:{number >> 8:02x}:{number & 255:02x}"
            tester.inject(request(psrc=ip, hwsrc=mac))
            tester.inject(reply_to(tester, mac, ip))
        if number % 1000 == 0:
            find(tester)
            tester.mark()
    find(tester)
    tester.mark()
    assert "1 received" in lan.peer.exec("ping", "-c", "1", "-w", "60", DUT_IP).stdout
    usage = dut.ask(cmd="usage")["usage"]
    assert usage["neighbours"] <= 1024
    assert usage["bytes"] - before < 1 << 20
