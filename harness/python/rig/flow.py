# SPDX-License-Identifier: BSD-2-Clause
"""One TCP connection held by hand: crafts segments and checks every number of those that come.

Keeps `seq` (the next number we send) and `ack` (the next we expect), so that a test names only what
is special about a segment. Called by tests with a Tester.
"""

import time
from collections import deque

from .match import IP, TCP, Raw, differences, payload, table
from .net import WITHIN
from .tester import Unexpected

MASK = 0xFFFFFFFF
ANY = object()  # "any value" for expect()


def seq_after(a, b):
    """a lies after b in sequence space."""
    return 0 < ((a - b) & MASK) < 0x80000000


class Flow:
    """A connection from the tester to `dport` of the device under test, or the other way round."""

    def __init__(self, tester, dport, sport=None, isn=1000000, window=65535, mss=1460,
                 options=None):
        self.tester = tester
        self.dport, self.sport = dport, sport or tester.port()
        self.isn, self.seq, self.ack = isn, isn, 0
        self.window = window
        self.syn_options = [("MSS", mss)] if options is None and mss else (options or [])
        self.peer_isn = None
        self.peer_end = None  # one past the highest number that the peer has sent
        self.queue = deque()
        self.passed = []  # bare ACKs passed over
        self.at = None  # when the segment came that was expected last
        if dport is not None:
            tester.adopt(self, (tester.dst_ip, dport, self.sport))

    # ---- out ------------------------------------------------------------------------------

    def segment(self, flags, data=b"", **fields):
        """A frame of this connection; fields are TCP's, by default those of the present state."""
        tcp = {"sport": self.sport, "dport": self.dport, "flags": flags, "seq": self.seq & MASK,
               "window": self.window, **fields}
        if "A" in flags:
            tcp.setdefault("ack", self.ack & MASK)
        for name in ("seq", "ack"):
            if name in fields:
                tcp[name] = fields[name] & MASK
        packet = self.tester.ip4() / TCP(**tcp)
        return packet / Raw(data) if data else packet

    def send(self, flags, data=b"", **fields):
        """Sends a segment. Unless it names its seq, our next number moves on by what it takes."""
        self.tester.inject(self.segment(flags, data, **fields))
        if "seq" not in fields:
            self.seq = (self.seq + len(data) + ("S" in flags) + ("F" in flags)) & MASK

    # ---- in -------------------------------------------------------------------------------

    def expect(self, flags, data=None, seq=None, ack=None, within=WITHIN, repeated=False,
               where=None, **fields):
        """The next segment: these flags (PSH aside unless named), exactly these numbers.

        seq defaults to the next number expected, ack to the next of ours; ANY leaves one open.
        A number is also checked against what the segment takes, and `ack` moves on. Repetitions of
        what has come before are passed over unless `repeated`, and so are bare ACKs in front of
        something else. Returns the TCP layer.
        """
        __tracebackhide__ = True
        deadline = time.monotonic() + within
        while True:
            while self.queue:
                seen = self.queue.popleft()
                packet = seen.packet
                tcp, body = packet[TCP], payload(packet)
                if self._is_old(tcp, body) and not (repeated and self._same_flags(tcp, flags)):
                    continue
                if self._bare(tcp, body) and not self._wants_bare(flags, data):
                    self.passed.append(tcp)
                    continue
                wrong = self._wrong(packet, flags, data, seq, ack, fields, where)
                if wrong:
                    raise Unexpected(f"a segment differs from the expectation\nactual: {seen}\n"
                                     f"{table(wrong)}\n{self.tester.log()}")
                self._take(tcp, body)
                self.at = seen.at
                return tcp
            if not self.tester.pump(deadline):
                raise Unexpected(f"no segment came within {within:g} s; expected {flags}"
                                 f"{'' if data is None else f' with {len(data)} bytes'}\n"
                                 f"{self.tester.log()}")

    def _wrong(self, packet, flags, data, seq, ack, fields, where):
        tcp, body = packet[TCP], payload(packet)
        wrong = []
        if not self._same_flags(tcp, flags):
            wrong.append(("TCP.flags", flags, str(tcp.flags)))
        want = {}
        if seq is not ANY and not (seq is None and "S" in flags):
            want["seq"] = (self.ack if seq is None else seq) & MASK
        if ack is not ANY and "A" in flags:
            want["ack"] = (self.seq if ack is None else ack) & MASK
        wrong += differences(TCP(**want, **fields), packet)
        wrong += differences(IP(src=self.tester.dst_ip, dst=self.tester.ip), packet)
        if data is not None and body != data:
            wrong.append(("payload", f"{len(data)} bytes {data[:32]!r}",
                          f"{len(body)} bytes {body[:32]!r}"))
        if not wrong and where is not None:
            verdict = where(tcp)
            if verdict is False or isinstance(verdict, str):
                wrong.append(("where", "true", verdict or "false"))
        return wrong

    def _take(self, tcp, body):
        if "R" in str(tcp.flags):
            return
        if "S" in str(tcp.flags):
            self.peer_isn = tcp.seq
            self.ack = tcp.seq
        end = (tcp.seq + len(body) + ("S" in str(tcp.flags)) + ("F" in str(tcp.flags))) & MASK
        if seq_after(end, self.ack):
            self.ack = end
        if self.peer_end is None or seq_after(end, self.peer_end):
            self.peer_end = end

    def _is_old(self, tcp, body):
        """Sent again: it takes sequence space and all of it was seen before."""
        takes = len(body) + ("S" in str(tcp.flags)) + ("F" in str(tcp.flags))
        if not takes or self.peer_end is None or "R" in str(tcp.flags):
            return False
        return not seq_after((tcp.seq + takes) & MASK, self.peer_end)

    @staticmethod
    def _same_flags(tcp, flags):
        """PSH aside, unless it is asked for."""
        return set(str(tcp.flags) if "P" in flags else str(tcp.flags).replace("P", "")) == set(flags)

    @staticmethod
    def _bare(tcp, body):
        return str(tcp.flags) == "A" and not body

    @staticmethod
    def _wants_bare(flags, data):
        return set(flags) == {"A"} and not data

    def nothing(self, but="nothing"):
        """No segment of this connection comes before the answer to a ping sent now."""
        self.tester.mark()
        rest = [seen for seen in self.queue
                if not self._is_old(seen.packet[TCP], payload(seen.packet))]
        self.queue.clear()
        if rest:
            raise Unexpected(f"expected {but}, and there came: {rest[0]}\n{self.tester.log()}")

    # ---- whole steps ----------------------------------------------------------------------

    def open(self):
        """The three-way handshake, every number checked; returns the SYN-ACK."""
        self.send("S", options=self.syn_options)
        synack = self.expect("SA")
        self.send("A")
        return synack

    @classmethod
    def listening(cls, tester, port, **fields):
        """A connection that the device under test will open to our `port`: then syn()."""
        return cls(tester, None, sport=port, **fields)

    def syn(self, within=WITHIN):
        """Waits for the device's SYN to our port, and takes its port and number."""
        packet = self.tester.expect(IP(src=self.tester.dst_ip, dst=self.tester.ip)
                                    / TCP(flags="S", ack=0, dport=self.sport), within)
        tcp = packet[TCP]
        self.dport = tcp.sport
        self.tester.adopt(self, (self.tester.dst_ip, tcp.sport, self.sport), begun=True)
        self._take(tcp, payload(packet))
        return tcp

    def accept(self):
        """The handshake that the device began: its SYN, our SYN-ACK, its ACK; the SYN."""
        syn = self.syn()
        self.send("SA", options=self.syn_options)
        self.expect("A")
        return syn

    def read(self, length, acknowledge=True, within=WITHIN):
        """`length` bytes in order, each segment's numbers checked and acknowledged."""
        got = b""
        while len(got) < length:
            got += self.expect_data(within=within)
            if acknowledge:
                self.send("A")
        return got

    def expect_data(self, within=WITHIN):
        """The payload of the next segment with data, in order; bare ACKs passed over."""
        body, fin = self._next_text(within)
        if fin or not body:
            raise Unexpected(f"expected data without FIN, and there came FIN\n{self.tester.log()}")
        return body

    def read_to_end(self, within=WITHIN):
        """All data up to the FIN, acknowledged as it comes; the FIN is left for the test."""
        got = b""
        while True:
            body, fin = self._next_text(within)
            got += body
            if fin:
                return got
            self.send("A")

    def _next_text(self, within):
        """(payload, has FIN) of the next segment that has either; its numbers checked."""
        __tracebackhide__ = True
        deadline = time.monotonic() + within
        while True:
            while self.queue:
                seen = self.queue.popleft()
                tcp, body = seen.packet[TCP], payload(seen.packet)
                if self._is_old(tcp, body) or (not body and str(tcp.flags) == "A"):
                    continue
                fin = "F" in str(tcp.flags)
                wrong = self._wrong(seen.packet, "FA" if fin else "A", None, None, ANY, {}, None)
                if wrong or not (body or fin):
                    raise Unexpected(f"expected data, and there came: {seen}\n{table(wrong)}\n"
                                     f"{self.tester.log()}")
                self._take(tcp, body)
                return body, fin
            if not self.tester.pump(deadline):
                raise Unexpected(f"no data came within {within:g} s\n{self.tester.log()}")

    def acked(self, within=WITHIN):
        """Waits until all that we sent is acknowledged; returns the ACK."""
        while True:
            tcp = self.expect("A", ack=ANY, within=within)
            if tcp.ack == self.seq:
                return tcp

    def heard(self, within=WITHIN):
        """Waits until all that we sent is acknowledged, by what is left for expect(): a bare ACK, or the
        segment that a device has to send anyway.
        """
        deadline = time.monotonic() + within
        while not any(seen.packet[TCP].ack == self.seq for seen in self.queue):
            if not self.tester.pump(deadline):
                raise Unexpected(f"nothing acknowledged {self.seq} within {within:g} s\n{self.tester.log()}")

    def drain(self, repeated=True):
        """All segments that came before the answer to a ping sent now, as (TCP layer, payload); without
        those sent again unless `repeated`.
        """
        self.tester.mark()
        came = []
        while self.queue:
            seen = self.queue.popleft()
            tcp, body = seen.packet[TCP], payload(seen.packet)
            if repeated or not self._is_old(tcp, body):
                came.append((tcp, body))
                self._take(tcp, body)
        return came

    def close(self):
        """We close first, the other side follows; every number checked."""
        self.send("FA")
        fin = self.expect("FA")
        self.send("A")
        return fin

    def reset(self):
        """Ends the connection with a reset at exactly the next number."""
        self.send("R")
