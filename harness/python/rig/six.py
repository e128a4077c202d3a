# SPDX-License-Identifier: BSD-2-Clause
"""IPv6 between the tester and the device under test: addresses, messages made by hand, pings.

The device has fd00::2/64 and a link-local address; it finds the tester by a solicitation of ours.
Used by the fixture `six`; cases that take it are marked dut(start=False).
"""

import ipaddress

from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
                                ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6)
from scapy.layers.l2 import Ether

US, TESTER = "fd00::2", "fd00::100"
TESTER_LL = "fe80::100"
ALL_NODES, ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"
SOLICITED, SOLICITED_MAC = "ff02::1:ff00:2", "33:33:ff:00:00:02"


class Six:
    def __init__(self, dut, tester, mode="static"):
        self.dut, self.tester = dut, tester
        self.known = set()  # addresses of ours that the device learned
        tester.answers = self._reachable
        if dut.name == "phantom":
            args = ["--ipv6", "slaac"] if mode == "slaac" else ["--addr", f"{US}/64"]
            dut.start(sysctl={"net.ipv6.conf.default.accept_dad": 0}, args=args)
        else:
            dut.node.sysctl("net.ipv6.conf.eth0.accept_dad", 0)
            if mode == "slaac":
                dut.node.sysctl("net.ipv6.conf.eth0.router_solicitation_delay", 0)
                dut.node.sysctl("net.ipv6.conf.eth0.disable_ipv6", 0)
            else:
                dut.node.sysctl("net.ipv6.conf.eth0.accept_ra", 0)
                dut.session.do(f"addr dut.eth0 {US}/64")
            dut.start()

    def ether(self, dst=None):
        return Ether(src=self.tester.mac, dst=dst or self.dut.mac)

    def ip(self, dst=US, src=TESTER, **fields):
        """An IPv6 packet to the device; groups go to their own hardware address."""
        mac = None
        if dst.startswith("ff"):
            mac = SOLICITED_MAC if dst == SOLICITED else ALL_NODES_MAC
        return self.ether(mac) / IPv6(src=src, dst=dst, **fields)

    def send(self, packet):
        self.tester.inject(bytes(packet))

    def solicit(self, target=US, src=TESTER, dst=SOLICITED, **fields):
        return (self.ip(dst, src, hlim=fields.pop("hlim", 255)) / ICMPv6ND_NS(tgt=target, **fields)
                / ICMPv6NDOptSrcLLAddr(lladdr=self.tester.mac))

    def introduce(self, src=TESTER, behind_a_flood=False):
        """The device learns where we are; whether we still are is answered from now on."""
        asked = bytes(self.solicit(src=src))
        if behind_a_flood:
            answer = self.tester.ask(asked, ICMPv6ND_NA(tgt=US))
        else:
            self.send(asked)
            answer = self.tester.expect(ICMPv6ND_NA(tgt=US), skip=True)
        self.known.add(ipaddress.ip_address(src).packed)
        return answer

    def _reachable(self, raw):
        """Our answer to a solicitation of an address that the device knew (RFC 4861 7.3): one is due when a
        case takes longer than a neighbour is believed in.
        """
        if raw[12:14] != b"\x86\xdd" or raw[20] != 58 or raw[54:55] != b"\x87":
            return None
        asker, target = ipaddress.ip_address(raw[22:38]), raw[62:78]
        for_us = raw[0] & 1 or raw[:6] == bytes.fromhex(self.tester.mac.replace(":", ""))
        if asker.is_unspecified or target not in self.known or not for_us:
            return None
        target = str(ipaddress.ip_address(target))
        return bytes(self.ip(str(asker), target, hlim=255) / ICMPv6ND_NA(tgt=target, S=1, O=1)
                     / ICMPv6NDOptDstLLAddr(lladdr=self.tester.mac))

    def echo(self, data=b"six", number=1, **fields):
        return self.ip(**fields) / ICMPv6EchoRequest(id=0x6666, seq=number, data=data)

    def ping(self, data=b"six", number=1, **fields):
        """The answer to an echo request."""
        return self.tester.ask(bytes(self.echo(data, number, **fields)),
                               ICMPv6EchoReply(id=0x6666, seq=number, data=data))

    def answered(self, since, kind):
        """Frames of this kind that came for us since frame number `since`, before a ping's answer."""
        self.ping(b"mark", number=0x7fff)
        return [seen.packet for seen in self.tester.received(since) if kind in seen.packet]
