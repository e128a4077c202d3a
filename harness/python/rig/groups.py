# SPDX-License-Identifier: BSD-2-Clause
"""Groups on the wire: a socket of the device that joins them, queries made by hand, reports taken apart.

Joins go through docs/dut-protocol.md: phantom's control socket, or rig-agent beside the kernel.
IGMP is RFC 2236 and 3376, MLD RFC 2710 and 3810. Used by scenarios/igmp and scenarios/mld.
"""

import ipaddress
import json
import socket
import struct
import time
from dataclasses import dataclass

from .net import WITHIN, eventually
from .session import find_program

IS_INCLUDE, IS_EXCLUDE, TO_INCLUDE, TO_EXCLUDE, ALLOW, BLOCK = range(1, 7)
JOIN_GROUP, BLOCK_SOURCE, UNBLOCK_SOURCE, LEAVE_GROUP, JOIN_SOURCE, LEAVE_SOURCE = range(42, 48)
ALERT4 = bytes([148, 4, 0, 0])
ALERT6 = bytes([58, 0, 5, 2, 0, 0, 1, 0])


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def group_mac(group):
    ip = ipaddress.ip_address(group)
    if ip.version == 4:
        return bytes([1, 0, 0x5e, ip.packed[1] & 0x7f, *ip.packed[2:]])
    return b"\x33\x33" + ip.packed[12:]


class Agent:
    """The device's socket calls; one answer per request."""

    def __init__(self, dut):
        path = f"{dut.session.dir}/dut.ctl"
        if dut.name != "phantom":
            path = f"{dut.session.dir}/agent.ctl"
            dut.node.run(find_program("rig-agent"), "--control", path, name="agent")
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WITHIN)
        eventually(lambda: self._connected(path), what="the device listening for calls")
        self.file = self.sock.makefile("rw", encoding="utf-8")
        self.number = 0

    def _connected(self, path):
        try:
            self.sock.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def call(self, name, /, **args):
        """The answer's "out"; OSError's name in an AssertionError when it failed."""
        self.number += 1
        self.file.write(json.dumps({"id": self.number, "call": name, "args": args}) + "\n")
        self.file.flush()
        answer = json.loads(self.file.readline())
        assert answer.get("result", -1) >= 0, f"{name} {args}: {answer}"
        return answer


class Member:
    """A UDP socket of the device that joins and leaves groups on its one link."""

    def __init__(self, dut, family=4, agent=None):
        self.agent = agent or Agent(dut)
        self.v6 = family == 6
        self.level = socket.IPPROTO_IPV6 if self.v6 else socket.IPPROTO_IP
        if dut.name == "phantom":
            self.link = dut.ask(cmd="links", dev="tap0")["links"][0]["index"]
        else:
            shown = dut.node.exec("ip", "-o", "link", "show", "eth0").stdout
            self.link = int(shown.split(":")[0])
        family = socket.AF_INET6 if self.v6 else socket.AF_INET
        self.fd = self.agent.call("socket", family=family, type=socket.SOCK_DGRAM,
                                  protocol=0)["result"]

    def _address(self, ip):
        packed = ipaddress.ip_address(ip).packed
        if self.v6:
            head = struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, packed, 0)
        else:
            head = struct.pack("=HH4s", socket.AF_INET, 0, packed)
        return head.ljust(128, b"\0")

    def _set(self, name, *addresses):
        value = struct.pack("=II", self.link, 0) + b"".join(map(self._address, addresses))
        self.agent.call("setsockopt", fd=self.fd, level=self.level, name=name,
                        bytes={"hex": value.hex()})

    def join(self, group):
        self._set(JOIN_GROUP, group)

    def leave(self, group):
        self._set(LEAVE_GROUP, group)

    def join_source(self, group, source):
        self._set(JOIN_SOURCE, group, source)

    def leave_source(self, group, source):
        self._set(LEAVE_SOURCE, group, source)

    def block(self, group, source):
        self._set(BLOCK_SOURCE, group, source)

    def close(self):
        self.agent.call("close", fd=self.fd)


@dataclass(frozen=True)
class Record:
    """What a report says of a group; version 1 and 2 (1 for MLD): `old`, or `left`."""

    kind: object
    group: str
    sources: tuple = ()


@dataclass
class Report:
    at: float
    src: str
    dst: str
    records: list


def _records(body, size):
    count, at, out = int.from_bytes(body[6:8], "big"), 8, []
    for _ in range(count):
        kind, aux, n = struct.unpack("!BBH", body[at:at + 4])
        at += 4
        ips = [str(ipaddress.ip_address(body[at + size * i:at + size * (i + 1)]))
               for i in range(n + 1)]
        at += size * (n + 1) + 4 * aux
        out.append(Record(kind, ips[0], tuple(sorted(ips[1:]))))
    assert at == len(body), f"{len(body) - at} bytes behind the last record of a report"
    return out


def report4(raw):
    """What a frame says by IGMP; None: nothing. Headers are held against RFC 2236 2 and 3376 4."""
    if raw[12:14] != b"\x08\x00" or raw[23] != 2:
        return None
    header = 4 * (raw[14] & 15)
    ip, body = raw[14:14 + header], raw[14 + header:14 + int.from_bytes(raw[16:18], "big")]
    if body[0] == 0x11:
        return None
    assert ip[8] == 1 and ip[20:24] == ALERT4, "a report with TTL 1 and Router Alert was due"
    assert checksum(body) == 0, "a report with a wrong checksum"
    dst, group = socket.inet_ntoa(ip[16:20]), socket.inet_ntoa(body[4:8])
    assert raw[:6] == group_mac(dst), "a report to another hardware address than its group's"
    if body[0] == 0x22:
        assert dst == "224.0.0.22" and ip[1] == 0xc0, "a version 3 report to 224.0.0.22, TOS 0xc0"
        records = _records(body, 4)
    elif body[0] in (0x12, 0x16):
        assert dst == group and len(body) == 8
        records = [Record("v1" if body[0] == 0x12 else "v2", group)]
    else:
        assert body[0] == 0x17 and dst == "224.0.0.2" and len(body) == 8
        records = [Record("left", group)]
    return Report(0, socket.inet_ntoa(ip[12:16]), dst, records)


def report6(raw):
    """What a frame says by MLD; None: nothing. Headers are held against RFC 2710 3 and 3810 5."""
    if raw[12:14] != b"\x86\xdd" or raw[20] != 0 or raw[54] != 58 or raw[62] not in (131, 132, 143):
        return None
    ip, body = raw[14:54], raw[62:54 + int.from_bytes(raw[18:20], "big")]
    src, dst = (str(ipaddress.ip_address(ip[at:at + 16])) for at in (8, 24))
    assert ip[7] == 1 and raw[56:60] == ALERT6[2:6], "a report with hop limit 1 and Router Alert"
    assert src.startswith("fe80:") or src == "::", f"a report from {src}"
    pseudo = ip[8:40] + struct.pack("!II", len(body), 58)
    assert checksum(pseudo + body) == 0, "a report with a wrong checksum"
    assert raw[:6] == group_mac(dst), "a report to another hardware address than its group's"
    if body[0] == 143:
        assert dst == "ff02::16", f"a version 2 report to {dst}"
        return Report(0, src, dst, _records(body, 16))
    group = str(ipaddress.ip_address(body[8:24]))
    assert len(body) == 24 and dst == (group if body[0] == 131 else "ff02::2")
    return Report(0, src, dst, [Record("v1" if body[0] == 131 else "left", group)])


class Groups:
    """Queries to the device and its reports, of one family; `got` are the reports seen so far."""

    def __init__(self, tester, family=4):
        self.tester, self.v6 = tester, family == 6
        self.parse = report6 if self.v6 else report4
        self.at = len(tester.frames)
        self.seen = []  # every report
        self.next = 0  # of those, the first that nobody expected yet

    def query(self, group=None, code=10, sources=(), length=None, count=None, dst=None, src=None,
              hops=1, alert=True, bad_sum=False, mac=None):
        """A query; `length` cuts or pads its body (8, or 24 for MLD: the older versions)."""
        zero, size = ("::", 16) if self.v6 else ("0.0.0.0", 4)
        packed = ipaddress.ip_address(group or zero).packed
        n = struct.pack("!H", len(sources) if count is None else count)
        if self.v6:
            body = struct.pack("!BBHHH", 130, 0, 0, code, 0) + packed + b"\2\x7d" + n
        else:
            body = struct.pack("!BBH", 0x11, code, 0) + packed + b"\2\x7d" + n
        body += b"".join(ipaddress.ip_address(s).packed for s in sources)
        assert size * len(sources) <= len(body)
        if length is not None:
            body = body[:length].ljust(length, b"\0")
        self.send(body, dst or group, src, hops, alert, bad_sum, mac)

    def send(self, body, dst=None, src=None, hops=1, alert=True, bad_sum=False, mac=None):
        """A message of IGMP or MLD, its checksum filled in."""
        dst = dst or ("ff02::1" if self.v6 else "224.0.0.1")
        mac = mac or (group_mac(dst) if ipaddress.ip_address(dst).is_multicast
                      else bytes.fromhex(self.tester.dst_mac.replace(":", "")))
        head = mac + bytes.fromhex(self.tester.mac.replace(":", ""))
        if self.v6:
            src = ipaddress.ip_address(src or "fe80::100").packed
            to = ipaddress.ip_address(dst).packed
            total = checksum(src + to + struct.pack("!II", len(body), 58) + body)
            option = ALERT6 if alert else b""
            packet = struct.pack("!IHBB", 6 << 28, len(option) + len(body), 0 if alert else 58, hops)
            packet += src + to + option
        else:
            option = ALERT4 if alert else b""
            total = checksum(body)
            packet = struct.pack("!BBHHHBBH4s4s", 0x45 + bool(alert), 0xc0,
                                 20 + len(option) + len(body), 0, 0, hops, 2, 0,
                                 socket.inet_aton(src or self.tester.ip), socket.inet_aton(dst))
            packet += option
            packet = packet[:10] + struct.pack("!H", checksum(packet)) + packet[12:]
        total ^= 1 if bad_sum else 0
        body = body[:2] + struct.pack("!H", total) + body[4:]
        self.tester.inject(head + (b"\x86\xdd" if self.v6 else b"\x08\x00") + packet + body)

    def reports(self):
        """Those that came since the last call."""
        out = []
        while self.at < len(self.tester.frames):
            seen = self.tester.frames[self.at]
            self.at += 1
            report = self.parse(seen.raw) if seen.way == "<" else None
            if report:
                report.at = seen.at
                out.append(report)
        self.seen += out
        return out

    def records(self, group, since=0):
        """Records about this group in all reports seen from number `since` on, in order."""
        self.reports()
        return [record for report in self.seen[since:] for record in report.records
                if record.group == group]

    def quiet(self, ping, seconds=0.2):
        """That long passes on the wire, with pings; whether no report came in answer to a query."""
        since, until = len(self.seen), time.time() + seconds
        while self.tester.frames[-1].at < until:
            ping()
        self.reports()
        return not [record for report in self.seen[since:] for record in report.records
                    if record.kind not in (TO_EXCLUDE, TO_INCLUDE, ALLOW, BLOCK)]

    def expect(self, want, within=WITHIN):
        """Waits for a report that has this record, or one of this kind with more sources; the report."""
        def matches(record):
            return ((record.kind, record.group) == (want.kind, want.group)
                    and (record.sources == want.sources
                         or want.kind in (ALLOW, BLOCK) and set(record.sources) >= set(want.sources)))

        def came():
            self.tester.pump(0)
            self.reports()
            while self.next < len(self.seen):
                self.next += 1
                if any(map(matches, self.seen[self.next - 1].records)):
                    return self.seen[self.next - 1]
            return None
        try:
            return eventually(came, within, f"a report with {want}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nreports seen: {self.seen}\n{self.tester.log()}") from None
