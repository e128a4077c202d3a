# SPDX-License-Identifier: BSD-2-Clause
"""What a capture at a sender's device says of its flows: segments, retransmissions, round-trip times,
and, for a series, each segment in drill's notation. Called by lab_wire.py.
"""

import collections
import math
import struct

Segment = collections.namedtuple("Segment", "t src sport dst dport seq ack flags win length options ident",
                                 defaults=(0,))
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
WRAP = 1 << 32
EARLY_S = 0.001  # stamps of two devices are of one clock, taken by two threads


def segments(path, zero):
    """TCP segments that a device sent and received, in order; t is seconds since `zero` (of the
    epoch). What a link dropped stands in the file a second time, and is left out."""
    return (seg for seg, dropped in frames(path, zero) if dropped is None)


def frames(path, zero):
    """(segment, None, or why a link dropped it) of a pcapng file."""
    with open(path, "rb") as file:
        data = file.read()
    scale, at = [], 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if size < 12 or at + size > len(data):
            break
        if kind == 1:
            scale.append(_resolution(data, at + 16, at + size - 4))
        elif kind == 6:
            interface, high, low, captured = struct.unpack_from("<IIII", data, at + 8)
            rest = at + 28 + (captured + 3) // 4 * 4
            one = _segment(data, at + 28, captured, ((high << 32) | low) * scale[interface] - zero)
            if one:
                yield one, _dropped(data, rest, at + size - 4)
        at += size


def _options(data, at, end):
    while at + 4 <= end:
        code, length = struct.unpack_from("<HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def _resolution(data, at, end):
    for code, value in _options(data, at, end):
        if code == 9 and value:
            return 2.0 ** -(value[0] & 127) if value[0] & 128 else 10.0 ** -value[0]
    return 1e-6


def _dropped(data, at, end):
    """The reason of a comment such as "dropped toward b.e0: loss", or None."""
    for code, value in _options(data, at, end):
        if code == 1 and value.startswith(b"dropped"):
            return value.decode(errors="replace").rpartition(": ")[2]
    return None


def _segment(data, at, captured, t):
    kind, ip = data[at + 12:at + 14], at + 14
    if captured >= 74 and kind == b"\x86\xdd" and data[ip + 6] == 6:
        return _tcp(data, ip + 40, t, data[ip + 8:ip + 24], data[ip + 24:ip + 40],
                    struct.unpack_from(">H", data, ip + 4)[0], 0)
    if captured < 54 or kind != b"\x08\x00" or data[at + 23] != 6:
        return None
    header = (data[ip] & 15) * 4
    total = struct.unpack_from(">H", data, ip + 2)[0]
    return _tcp(data, ip + header, t, data[ip + 12:ip + 16], data[ip + 16:ip + 20], total - header,
                struct.unpack_from(">H", data, ip + 4)[0])


def _tcp(data, tcp, t, src, dst, length, ident):
    """The segment behind an IP header: `length` octets, its own header included."""
    sport, dport, seq, ack, offset, flags, win = struct.unpack_from(">HHIIBBH", data, tcp)
    offset = (offset >> 4) * 4
    return Segment(t, src, sport, dst, dport, seq, ack, flags, win, length - offset,
                   data[tcp + 20:tcp + offset], ident)


class Connection:
    """One direction of data, and the acknowledgments that come back."""

    def __init__(self, name, number):
        self.name, self.number = name, number
        self.first = None          # sequence number of the SYN
        self.high = 0              # highest octet sent, relative
        self.acknowledged = 0
        self.outstanding = collections.deque()  # [end, sent at, once; None: a SACK told of it, start]
        self.segments = self.retransmitted = 0
        self.rtts, self.rtt_least = [], None  # from settle on; of the whole run
        self.scale = {True: 0, False: 0}  # of windows that the data's sender says, and the other end

    def sent(self, seg, settle):
        """True for a retransmission."""
        if seg.flags & SYN:
            if self.first is None:
                self.first, self.high = seg.seq, 1
            return False
        if self.first is None or seg.length == 0:
            return False
        start = _unwrap(seg.seq - self.first, self.high)
        again = start < self.high
        if seg.t >= settle:
            self.segments += 1
            self.retransmitted += again
        end = start + seg.length
        if again:
            for one in self.outstanding:
                if one[0] > start and one[3] < end and one[2]:
                    one[2] = False
        if end > self.high:
            self.outstanding.append([end, seg.t, not again, start])
            self.high = end
        return again

    def acked(self, seg, settle):
        if self.first is None or not seg.flags & ACK:
            return
        ack = _unwrap(seg.ack - self.first, self.high)
        if ack > self.high:
            return
        end, sent = 0, None
        while self.outstanding and self.outstanding[0][0] <= ack:
            end, at, once, _ = self.outstanding.popleft()
            sent = at if once else None
        self.acknowledged = max(self.acknowledged, ack)
        for block in sack_blocks(seg.options):
            left, right = (_unwrap(number - self.first, self.high) for number in block)
            if self.acknowledged <= left < right <= self.high:
                end, sent = self._selected(left, right, end, sent)
        if sent is None:
            return
        rtt = seg.t - sent
        self.rtt_least = rtt if self.rtt_least is None else min(rtt, self.rtt_least)
        if seg.t >= settle:
            self.rtts.append(rtt)

    def _selected(self, left, right, end, sent):
        """What a SACK's block tells for the first time; the newest of that and (end, sent)."""
        for one in reversed(self.outstanding):
            if one[0] > right:
                continue
            if one[0] <= left or one[2] is None:
                break
            if one[0] > end:
                end, sent = one[0], one[1] if one[2] else None
            one[2] = None
        return end, sent


def _unwrap(number, near):
    """A sequence number modulo 2^32 as the one nearest to `near`."""
    number %= WRAP
    return number + round((near - number) / WRAP) * WRAP


class Flows:
    """Connections of one capture by the flow they belong to: `ports` is {server port: (name, whether
    the server sends the data)}."""

    def __init__(self, ports, settle):
        self.ports, self.settle = ports, settle
        self.connections = {}

    def flow_of(self, seg):
        """(flow, key of the connection, whether seg goes the data's way), or None."""
        for port, other, toward in ((seg.dport, (seg.src, seg.sport, seg.dst), True),
                                    (seg.sport, (seg.dst, seg.dport, seg.src), False)):
            if port in self.ports:
                name, from_server = self.ports[port]
                return name, (port, *other), toward != from_server
        return None

    def take(self, seg):
        """Counts it; (flow, connection, way, retransmitted) or None."""
        found = self.flow_of(seg)
        if not found:
            return None
        name, key, data = found
        one = self.connections.get(key)
        if one is None:
            number = sum(c.name == name for c in self.connections.values())
            one = self.connections[key] = Connection(name, number)
        if seg.flags & SYN:
            one.scale[data] = window_scale(seg.options)
        if data:
            return name, one, True, one.sent(seg, self.settle)
        one.acked(seg, self.settle)
        return name, one, False, False


def figures(captures, name):
    """segments, retransmitted and rtt_* of a flow, from the captures of all its senders."""
    mine = [c for flows in captures for c in flows.connections.values() if c.name == name]
    rtts = sorted(rtt for c in mine for rtt in c.rtts)
    count = sum(c.segments for c in mine)
    again = sum(c.retransmitted for c in mine)
    out = {"segments": count, "retransmitted": again,
           "retransmitted_share": again / count if count else None,
           "rtt_min_s": None, "rtt_mean_s": None, "rtt_p95_s": None, "rtt_inflation": None}
    out["rtt_min_s"] = min((c.rtt_least for c in mine if c.rtt_least is not None), default=None)
    if rtts:
        mean = math.fsum(rtts) / len(rtts)
        out.update(rtt_mean_s=mean, rtt_p95_s=rtts[math.ceil(0.95 * len(rtts)) - 1],
                   rtt_inflation=mean / out["rtt_min_s"])
    return out


class Fates:
    """What became of each segment: from the captures of all devices that matter."""

    def __init__(self):
        self.arrived, self.lost = collections.defaultdict(list), collections.defaultdict(list)

    @staticmethod
    def key(seg):
        return seg[1:8] + seg[9:]

    def look(self, path, zero, addresses):
        """A capture at a device whose own addresses are those (none: a router's)."""
        for seg, dropped in frames(path, zero):
            if dropped:
                self.lost[self.key(seg)].append(dropped)
            elif seg.dst in addresses:
                self.arrived[self.key(seg)].append(seg.t)

    def of(self, seg):
        """(fate, when it arrived or None) of the next segment like this one."""
        times = self.arrived.get(self.key(seg))
        while times:
            when = times.pop(0)
            if when >= seg.t - EARLY_S:
                return "delivered", when
        why = self.lost.get(self.key(seg))
        return (why.pop(0), None) if why else ("flight", None)


# ---- notation ------------------------------------------------------------------------------------

def options_of(options):
    """(kind, its octets) of each TCP option."""
    at = 0
    while at < len(options):
        kind = options[at]
        if kind == 0:
            break
        if kind == 1:
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2:
            break
        yield kind, options[at + 2:at + length]
        at += length


def sack_blocks(options):
    """[(left, right)] as they are on the wire."""
    return [struct.unpack_from(">II", value, 8 * i) for kind, value in options_of(options) if kind == 5
            for i in range(len(value) // 8)]


def window_scale(options):
    return next((min(value[0], 14) for kind, value in options_of(options) if kind == 3 and value), 0)


def letters(flags):
    text = "".join(letter for bit, letter in ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"))
                   if flags & bit)
    return text + ("." if flags & ACK else "")


def line(seg, name, one, data, again, fate):
    """A segment as series.jsonl has it. Sequence numbers count from the SYN of its own direction;
    of the way back only acknowledgments are known by their distance from ours."""
    first = one.first or 0
    seq = _unwrap(seg.seq - first, one.high) if data else 0
    if data:
        ack, sack = 0, []
    else:
        ack = _unwrap(seg.ack - first, one.high) if seg.flags & ACK else 0
        sack = [[_unwrap(a - first, one.high), _unwrap(b - first, one.high)]
                for a, b in sack_blocks(seg.options)]
    flags = letters(seg.flags)
    text = f"{'>' if data else '<'} {flags} {seq}:{seq + seg.length}({seg.length})"
    if seg.flags & ACK and not data:
        text += f" ack {ack}"
    win = seg.win if seg.flags & SYN else seg.win << one.scale[data]
    text += f" win {seg.win}" + ("".join(f" <sack {a}:{b}>" for a, b in sack))
    return {"t": seg.t, "flow": name, "conn": one.number, "ev": "pkt", "dir": "data" if data else "ack",
            "seq": seq, "len": seg.length, "ack": ack, "sack": sack, "win": win, "flags": flags,
            "rtx": again, "fate": fate[0], "arrive": fate[1], "text": text}
