# SPDX-License-Identifier: BSD-2-Clause
"""A host made by hand on a raw port of the bridge: injects frames made with scapy, expects frames.

No kernel stack is on the port, so crafted segments meet no reset; the rig's responder answers ARP
for the tester's address. Frames are read from the raw socket as they come; a failure prints every
frame seen and, field by field, how the nearest one differs from the expectation.
"""

import itertools
import os
import select
import socket
import struct
import time

from .match import ARP, ICMP, IP, TCP, UDP, Ether, Raw, describe, differences, payload, table
from .net import DUT_IP, DUT_MAC, TESTER_IP, TESTER_MAC, WITHIN

PACKET_OUTGOING = 4
SO_TIMESTAMPNS = 35
BROADCAST = "ff:ff:ff:ff:ff:ff"
ASK_AGAIN = 2.0  # seconds after which a ping is taken for lost


class Unexpected(AssertionError):
    """A frame that was not the expected one, or none."""


def _stamp(ancillary):
    """When the kernel saw the frame: how late we read it does not matter to a measured gap."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return seconds + nanoseconds / 1e9
    return time.time()


class Seen:
    """One frame: when, which way ('>' sent, '<' received), its bytes, parsed when asked for."""

    def __init__(self, at, way, raw):
        self.at, self.way, self.raw = at, way, raw
        self._packet = None

    @property
    def packet(self):
        if self._packet is None:
            self._packet = Ether(self.raw)
        return self._packet

    def __str__(self):
        try:
            return describe(self.packet)
        except Exception as error:  # a frame made to be malformed may well not be parsed
            return f"{self.raw.hex()} ({type(error).__name__}: {error})"


class Tester:
    """Frames in and out of one raw socket. `frames` has all of them, in order."""

    def __init__(self, sock, mac=TESTER_MAC, ip=TESTER_IP, dst_mac=DUT_MAC, dst_ip=DUT_IP):
        self.sock, self.mac, self.ip, self.dst_mac, self.dst_ip = sock, mac, ip, dst_mac, dst_ip
        self.frames = []
        self.answers = None  # what is sent for a frame (bytes) as it comes, or None for it
        self._next = 0  # index of the first frame not yet expected
        self._flows = {}
        self._marks = itertools.count(1)
        self._ports = itertools.count(20001)
        self._t0 = time.time()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    # ---- out ------------------------------------------------------------------------------

    def ether(self, **fields):
        return Ether(**{"src": self.mac, "dst": self.dst_mac, **fields})

    def ip4(self, **fields):
        return self.ether() / IP(**{"src": self.ip, "dst": self.dst_ip, **fields})

    def inject(self, packet):
        """Sends a frame (scapy layers or bytes). Ethernet, addresses are added where they lack."""
        if not isinstance(packet, (bytes, bytearray)):
            if IP in packet and packet[IP].underlayer is None:
                ip = packet[IP]
                ip.fields.setdefault("src", self.ip)
                ip.fields.setdefault("dst", self.dst_ip)
            if Ether not in packet:
                packet = self.ether() / packet
            packet = bytes(packet)
        self.frames.append(Seen(time.time(), ">", bytes(packet)))
        try:
            self.sock.send(packet)
        except BlockingIOError:
            select.select([], [self.sock], [], WITHIN)
            self.sock.send(packet)

    def port(self):
        """A port of ours that no flow has used."""
        return next(self._ports)

    # ---- in -------------------------------------------------------------------------------

    def adopt(self, flow, key, begun=False):
        """TCP frames of key (source address, its port, our port) go to flow.queue from now on; where it was
        `begun` by the frame that was expected last, those that have come since, too.
        """
        self._flows[key] = flow
        if begun:
            flow.queue += [seen for seen in self.frames[self._next:]
                           if seen.way == "<" and self._flow_of(seen) is flow]

    def pump(self, until):
        """Reads what has come; waits until `until` for at least one frame. False when none came."""
        got = self._drain()
        while not got:
            left = until - time.monotonic()
            if left <= 0:
                return False
            select.select([self.sock], [], [], left)
            got = self._drain()
        return True

    def _drain(self):
        got = False
        while True:
            try:
                raw, ancillary, _, address = self.sock.recvmsg(1 << 17, 64)
            except BlockingIOError:
                return got
            if address[2] == PACKET_OUTGOING:
                continue  # the responder's answers leave by the same port
            got = True
            seen = Seen(_stamp(ancillary), "<", raw)
            self.frames.append(seen)
            flow = self._flow_of(seen)
            if flow is not None:
                flow.queue.append(seen)
            answer = self.answers(raw) if self.answers else None
            if answer:
                self.inject(answer)

    def _flow_of(self, seen):
        raw = seen.raw
        if not self._flows or len(raw) < 54 or raw[12:14] != b"\x08\x00" or raw[23] != 6:
            return None
        at = 14 + (raw[14] & 15) * 4
        key = (socket.inet_ntoa(raw[26:30]), int.from_bytes(raw[at:at + 2], "big"),
               int.from_bytes(raw[at + 2:at + 4], "big"))
        return self._flows.get(key)

    def received(self, since=0):
        """Frames that came for us (our address or broadcast) after frame `since`."""
        ours = bytes.fromhex(self.mac.replace(":", ""))
        return [seen for seen in self.frames[since:]
                if seen.way == "<" and (seen.raw[:6] == ours or seen.raw[0] & 1)]

    def expect(self, want, within=WITHIN, where=None, skip=False):
        """The next frame of want's kind, which must have want's fields; the packet is returned.

        Of want's kind is a frame for us that has want's layers (and its ports); others are passed
        over. With skip, frames of the kind that differ are passed over too. `where` may look at the
        packet and return False or a sentence to refuse it.
        """
        __tracebackhide__ = True
        deadline = time.monotonic() + within
        nearest = None
        while True:
            while self._next < len(self.frames):
                seen = self.frames[self._next]
                self._next += 1
                if not self._of_kind(want, seen):
                    continue
                wrong = self._wrong(want, seen.packet, where)
                if not wrong:
                    return seen.packet
                if nearest is None or len(wrong) < len(nearest[1]):
                    nearest = (seen, wrong)
                if not skip:
                    raise Unexpected(self.report("a frame differs from the expectation", want,
                                                 nearest))
            if not self.pump(deadline):
                raise Unexpected(self.report(f"no such frame within {within:g} s", want, nearest))

    def ask(self, packet, want):
        """Sends a question, now and then again, until the answer comes: behind a flood, the queue toward the
        device may be full.
        """
        __tracebackhide__ = True
        deadline = time.monotonic() + WITHIN
        while True:
            self.inject(packet)
            try:
                return self.expect(want, ASK_AGAIN, skip=True)
            except Unexpected:
                if time.monotonic() >= deadline:
                    raise

    def _of_kind(self, want, seen):
        if seen.way != "<" or not self.received_is_ours(seen) or self._is_mark(seen):
            return False
        packet = seen.packet
        layer = want
        while layer.name != "NoPayload":
            if type(layer) is not Raw:
                there = packet.getlayer(type(layer))
                if there is None:
                    return False
                for port in ("sport", "dport"):
                    if port in layer.fields and layer.fields[port] != there.getfieldval(port):
                        return False
            layer = layer.payload
        return True

    def received_is_ours(self, seen):
        return bool(seen.raw[0] & 1) or seen.raw[:6] == bytes.fromhex(self.mac.replace(":", ""))

    @staticmethod
    def _wrong(want, packet, where):
        wrong = differences(want, packet)
        if not wrong and where is not None:
            verdict = where(packet)
            if verdict is False or isinstance(verdict, str):
                wrong = [("where", "true", verdict or "false")]
        return wrong

    # ---- silence --------------------------------------------------------------------------

    def mark(self, timeout=WITHIN):
        """Sends an echo request and waits for its reply: what came before it came first.

        It is asked again now and then: behind a flood, the queue toward the device may be full. Returns
        the frames received for us since the call.
        """
        start = len(self.frames)
        number = next(self._marks)
        request = bytes(self.ip4() / ICMP(type=8, id=0x6d6b, seq=number) / Raw(b"mark"))
        self.inject(request)
        deadline = time.monotonic() + timeout
        again = time.monotonic() + ASK_AGAIN
        at = start
        while True:
            while at < len(self.frames):
                seen = self.frames[at]
                at += 1
                if seen.way == "<" and self._is_mark(seen, number):
                    return self.received(start)
            if time.monotonic() >= again:
                self.inject(request)
                again = time.monotonic() + ASK_AGAIN
            if not self.pump(min(deadline, again)) and time.monotonic() >= deadline:
                raise Unexpected(self.report("the host does not answer a ping any more",
                                             ICMP(type=0, id=0x6d6b, seq=number), None))

    @staticmethod
    def _is_mark(seen, number=None):
        """The answer to a ping of mark(): to that one, or to any."""
        raw = seen.raw
        return (raw[12:14] == b"\x08\x00" and raw[23] == 1 and raw[34:35] == b"\0"
                and raw[38:40] == b"mk" and number in (None, int.from_bytes(raw[40:42], "big")))

    def nothing(self, of=lambda packet: True, since=None, but="nothing"):
        """No frame for which of(packet) holds has come since frame `since` (default: those not yet
        expected), nor comes before the answer to a ping sent now. ARP and the ping itself aside.
        """
        start = self._next if since is None else since
        self.mark()
        for seen in self.received(start):
            packet = seen.packet
            if ARP in packet or self._is_mark(seen):
                continue
            if of(packet):
                raise Unexpected(f"expected {but}, and there came: {seen}\n{self.log()}")
        self._next = len(self.frames)

    # ---- words ----------------------------------------------------------------------------

    def log(self):
        """Every frame, one a line, as seconds since the start."""
        lines = [f"  {seen.at - self._t0:10.6f} {seen.way} {seen}" for seen in self.frames[-200:]]
        if len(self.frames) > 200:
            lines.insert(0, f"  ({len(self.frames) - 200} frames before these)")
        return ("frames seen ('>' sent by the tester, '<' received):\n"
                + "\n".join(lines or ["  none"]))

    def report(self, what, want, nearest):
        text = [what, f"expected: {want.summary()} " + str({
            f"{type(layer).__name__}.{name}": value for layer in _layers(want)
            for name, value in layer.fields.items()})]
        if nearest is not None:
            text += [f"nearest:  {nearest[0]}", table(nearest[1])]
        return "\n".join([*text, self.log()])

    def close(self):
        self.sock.close()


def _layers(packet):
    while packet.name != "NoPayload":
        yield packet
        packet = packet.payload


def raw_socket(fd):
    """A socket object for a raw packet socket that the rig passed."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0, fileno=fd)
    os.set_inheritable(fd, False)
    return sock


__all__ = ["ARP", "BROADCAST", "Ether", "ICMP", "IP", "Raw", "TCP", "Tester", "UDP", "Unexpected",
           "payload", "raw_socket"]
