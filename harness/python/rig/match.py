# SPDX-License-Identifier: BSD-2-Clause
"""Holds a frame against what was expected, field by field, and says frames in one line each.

An expectation is scapy layers: only the fields that the test set are compared, the others may have
any value. Called by tester.py and flow.py.
"""

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

NAMES = {"S": "SYN", "F": "FIN", "R": "RST"}


def payload(packet):
    """The bytes above TCP, UDP or ICMP, as the IP length has it: no Ethernet padding."""
    ip = packet.getlayer(IP)
    if ip is None:
        return b""
    top = packet.getlayer(TCP) or packet.getlayer(UDP) or packet.getlayer(ICMP)
    raw = bytes(ip)[:ip.len]
    if isinstance(top, TCP):
        return raw[ip.ihl * 4 + (top.dataofs or 5) * 4:]
    return raw[ip.ihl * 4 + 8:] if top is not None else raw[ip.ihl * 4:]


def same(wanted, got):
    """True if a field's value is the wanted one; flags and enumerations compare as numbers."""
    if isinstance(wanted, Packet) or isinstance(got, Packet):
        return bytes(wanted) == bytes(got)
    if isinstance(wanted, str) and isinstance(got, bytes):
        return wanted.encode() == got
    return wanted == got


def differences(want, got):
    """[(field, wanted, got)] of the fields set in want that differ in got; [] is a match."""
    out = []
    layer = want
    while isinstance(layer, Packet) and layer.name != "NoPayload":
        cls = type(layer)
        if cls is Raw:
            if payload(got) != layer.load:
                out.append(("payload", _short(layer.load), _short(payload(got))))
        else:
            there = got.getlayer(cls)
            if there is None:
                out.append((cls.__name__, "present", "absent"))
            else:
                out += _fields(layer, there)
        layer = layer.payload
    return out


def _fields(layer, there):
    for name in layer.fields:
        wanted, got = layer.getfieldval(name), there.getfieldval(name)
        if not same(wanted, got):
            yield (f"{type(layer).__name__}.{name}", _say(wanted), _say(got))


def _say(value):
    if isinstance(value, bytes):
        return _short(value)
    if isinstance(value, int) and not isinstance(value, bool) and not hasattr(value, "names"):
        return f"{value} ({value:#x})" if value > 255 else str(value)
    return str(value)


def _short(data):
    return repr(data) if len(data) <= 48 else f"{data[:40]!r}... ({len(data)} bytes)"


def table(rows):
    """Differences as lines: field, expected, actual."""
    rows = [("field", "expected", "actual"), *rows]
    wide = [max(len(str(row[i])) for row in rows) for i in range(3)]
    return "\n".join("  " + "  ".join(str(cell).ljust(w) for cell, w in zip(row, wide)).rstrip()
                     for row in rows)


def describe(packet):
    """One frame in one line."""
    if ARP in packet:
        arp = packet[ARP]
        what = {1: f"who-has {arp.pdst}? tell {arp.psrc} ({arp.hwsrc})",
                2: f"reply {arp.psrc} is-at {arp.hwsrc} to {arp.pdst}"}.get(arp.op, f"op {arp.op}")
        return f"ARP {what}"
    if IP not in packet:
        return packet.summary()
    ip, data = packet[IP], payload(packet)
    if TCP in packet:
        tcp = packet[TCP]
        options = f" <{_options(tcp)}>" if tcp.options else ""
        return (f"TCP {ip.src}:{tcp.sport} > {ip.dst}:{tcp.dport} {tcp.flags or '-'} seq {tcp.seq}"
                f" ack {tcp.ack} win {tcp.window} len {len(data)}{options}")
    if UDP in packet and ip.frag == 0:
        udp = packet[UDP]
        return f"UDP {ip.src}:{udp.sport} > {ip.dst}:{udp.dport} len {len(data)}"
    if ICMP in packet and ip.frag == 0:
        icmp = packet[ICMP]
        quoted = f" about {packet.summary().split(' / ')[-2]}" if icmp.type in (3, 11, 12) else ""
        return (f"ICMP {ip.src} > {ip.dst} type {icmp.type} code {icmp.code} len {len(data)}"
                f"{quoted}")
    return f"IP {ip.src} > {ip.dst} proto {ip.proto} id {ip.id} frag {ip.frag * 8} len {ip.len}"


def _options(tcp):
    return ",".join(str(name) if value in (None, b"", ()) else f"{name} {value}"
                    for name, value in tcp.options)


__all__ = ["ARP", "Ether", "ICMP", "IP", "Raw", "TCP", "UDP", "describe", "differences", "payload",
           "table"]
