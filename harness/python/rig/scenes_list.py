# SPDX-License-Identifier: BSD-2-Clause
"""The scenes of rig demo: each starts phantom, has something happen, and says what must be seen."""

import sys

from .net import DUT_IP, DUT_MAC
from .scenes import DUT6

SCENES = {}
COUNT = ("--count", {"type": int, "default": 3, "help": "pings (3)"})
PAYLOAD = ("--payload", {"choices": ("monkey", "monkeys"), "default": "monkeys",
                         "help": "the word said to the echo service (monkeys)"})
GRACEFUL = ("--no-graceful", {"action": "store_true",
                              "help": "the client ends with a reset instead of a FIN"})

TALK = """
import socket, struct, sys
kind, host, port, word, rude = sys.argv[1:]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
s = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
s.settimeout(60 if kind == "tcp" else 2)
if kind == "tcp":
    s.connect((host, int(port)))
    s.sendall(word.encode() + b"\\n")
    if rude == "no":
        s.shutdown(socket.SHUT_WR)
    got = b""
    while not got.endswith(b"\\n\\n") or rude == "no":
        part = s.recv(65536)
        if not part:
            break
        got += part
        if rude == "yes" and len(got) > 60:
            break
    if rude == "yes":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
else:
    for attempt in range(10):
        s.sendto(word.encode() + b"\\n", (host, int(port)))
        try:
            got = s.recv(65536)
            break
        except TimeoutError:
            got = b""
print(got.decode())
print(len(got), "octets")
"""


def scene(name, *options):
    def keep(function):
        function.options = options
        SCENES[name] = function
        return function
    return keep


def of_us(packets, layer):
    return [p for p in packets if p.haslayer(layer) and getattr(p, "src", None) == DUT_MAC]


def gaps(packets):
    times = [float(p.time) for p in packets]
    return [b - a for a, b in zip(times, times[1:])]


def acd_seen(s, packets, ip):
    """RFC 5227: three probes, then announcements, 1 to 2 s and 2 s apart."""
    from scapy.layers.l2 import ARP
    asked = [p for p in of_us(packets, ARP) if p[ARP].psrc == "0.0.0.0" and p[ARP].pdst == ip]
    told = [p for p in of_us(packets, ARP) if p[ARP].psrc == ip and p[ARP].pdst == ip]
    s.check(f"three ARP probes for {ip}", len(asked) == 3
            and all(0.9 < g < 2.6 + s.late for g in gaps(asked)),
            f"{len(asked)}, " + ", ".join(f"{g:.1f} s" for g in gaps(asked)) + " apart")
    s.check(f"announcements of {ip}, after them", told and asked and told[0].time > asked[-1].time
            and len(told) == 2, f"{len(told)}, " + ", ".join(f"{g:.1f} s" for g in gaps(told)) + " apart")


def audit_clean(s):
    """No rule of the audit is violated by phantom, whatever the scene was about."""
    import json
    import subprocess

    from .session import find_program
    s.end()
    if s.opts.corrupt:
        return  # the link turned bits: what is wrong on the wire is not phantom's
    reply = subprocess.run([find_program("rig"), "audit", "--json", s.capture],
                           stdout=subprocess.PIPE, check=False)
    hosts = [h for h in json.loads(reply.stdout)["hosts"] if h["host"] in (DUT_IP, DUT6)]
    broken = [f"{name}: {rule['first']}" for h in hosts for name, rule in h["rules"].items()
              if rule["violated"]]
    s.check("the audit finds nothing", not broken, "; ".join(broken) or "no violation")


# ---- addresses ----------------------------------------------------------------------------------

@scene("arp-acd")
def arp_acd(s):
    """An address is asked about three times, then announced twice (RFC 5227)."""
    from scapy.layers.l2 import ARP

    s.start("--addr", f"{DUT_IP}/24", "--acd", "defend")
    s.wait(lambda: s.ask("addrs"), "the address")
    s.client("arping", "-c", "2", "-w", "60", "-I", "eth0", DUT_IP)
    s.announced(DUT_IP)
    packets = s.packets()
    acd_seen(s, packets, DUT_IP)
    answers = [p for p in of_us(packets, ARP) if p[ARP].op == 2 and p[ARP].psrc == DUT_IP]
    s.check("it answers for the address", answers, f"{len(answers)} replies")


def dnsmasq(s):
    return s.serve("dnsmasq-base", "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0",
                   "--interface=eth0", "--bind-interfaces", "--user=root", "--log-facility=-",
                   "--dhcp-range=10.0.0.50,10.0.0.60,255.255.255.0,1h", "--dhcp-authoritative",
                   f"--dhcp-leasefile={s.out}/leases", ready="DHCP, IP range")


def lease_seen(s, packets, got):
    from scapy.layers.dhcp import DHCP, DHCPTypes
    said = [DHCPTypes.get(dict(o for o in p[DHCP].options if isinstance(o, tuple) and len(o) == 2)
                          ["message-type"]) for p in packets if p.haslayer(DHCP)]
    want = iter(said)
    s.check("DISCOVER, OFFER, REQUEST, ACK", all(w in want for w in ("discover", "offer", "request",
                                                                     "ack")), " ".join(said))
    acd_seen(s, packets, got["ip"])
    s.check("the lease is given back", said[-1:] == ["release"], said[-1:])


@scene("ip4-dhcp")
def ip4_dhcp(s):
    """A lease from dnsmasq: four messages, the address asked about, used, given back (RFC 2131)."""
    dnsmasq(s)
    s.start("--addr", "dhcp", "--hostname", "phantom", "--dhcp-wait", "1000")
    got = s.bound()
    s.client("ping", "-c", "2", "-w", "60", got["ip"])
    s.announced(got["ip"])
    lease_seen(s, s.packets(), got)
    s.check("the client is answered", any("bytes from" in ln for ln in s.said), got["ip"])


RADVD = """interface eth0 {
	AdvSendAdvert on;
	MinRtrAdvInterval 3;
	MaxRtrAdvInterval 4;
	prefix fd00:1::/64 { AdvOnLink on; AdvAutonomous on; };
	RDNSS fd00:1::1 { };
};
"""


@scene("boot")
def boot(s):
    """A host comes up beside radvd and dnsmasq: SLAAC, DAD, DHCP and ACD on one capture."""
    from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, IPv6

    with open(f"{s.out}/radvd.conf", "w", encoding="utf-8") as file:
        file.write(RADVD)
    s.peer.exec("ip", "addr", "add", "fd00:1::1/64", "dev", "eth0", "nodad")
    s.peer.sysctl("net.ipv6.conf.all.forwarding", 1)
    s.serve("radvd", "radvd", "-n", "-m", "stderr", "-d", "1", "-C", f"{s.out}/radvd.conf", "-p",
            f"{s.out}/radvd.pid", ready="started")
    dnsmasq(s)
    s.start("--addr", "auto", "--ipv6", "slaac", "--dhcp-wait", "1000")
    got = s.bound()
    s.wait(lambda: [a for a in s.ask("addrs") if a["addr"].startswith("fd00:1:")
                    and "tentative" not in a["flags"]], "an address of the prefix")
    six = next(a["addr"] for a in s.ask("addrs") if a["addr"].startswith("fd00:1:"))
    s.client("ping", "-c", "1", "-w", "60", got["ip"])
    s.client("ping", "-6", "-c", "1", "-w", "60", six)
    s.announced(got["ip"])
    s.said += [f"$ phantom ctl dns: {s.ask('dns')}"]
    packets = s.packets()
    dad = {p[ICMPv6ND_NS].tgt for p in of_us(packets, ICMPv6ND_NS) if p[IPv6].src == "::"}
    s.check("duplicate address detection", six in dad and any(t.startswith("fe80") for t in dad),
            ", ".join(sorted(dad)))
    s.check("a router is asked for, and answers", of_us(packets, ICMPv6ND_RS)
            and any(p.haslayer(ICMPv6ND_RA) for p in packets), f"{len(of_us(packets, ICMPv6ND_RS))} RS")
    reports = [p for p in of_us(packets, IPv6) if p[IPv6].dst == "ff02::16"]
    s.said += [f"(MLD reports on the wire: {len(reports)})"]
    lease_seen(s, packets, got)
    s.check("both addresses answer", sum("bytes from" in ln for ln in s.said) == 2, f"{got['ip']}, {six}")


# ---- echo ---------------------------------------------------------------------------------------

def static(s):
    s.start("--addr", f"{DUT_IP}/24", "--addr", f"{DUT6}/64")
    s.wait(lambda: all("tentative" not in a.get("flags", []) for a in s.ask("addrs")),
           "addresses that are ours")


def pings(s, ip, *args):
    from scapy.layers.inet import ICMP
    from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest

    spoiled = s.opts.loss or s.opts.corrupt
    # With -w it asks until so many are answered; without, it waits for the last for two round trips at most.
    s.client("ping", *(("-6",) if ":" in ip else ()), "-i", "0.2", "-c", str(s.opts.count),
             *(("-W", "2") if spoiled else ("-w", "60")), *args, ip)
    came = sum("bytes from" in ln for ln in s.said)
    s.check("pings answered", came == s.opts.count or (spoiled and came > 0), f"{came} of {s.opts.count}")
    ask, layer, kind = (ICMPv6EchoRequest, ICMPv6EchoReply, 128) if ":" in ip else (ICMP, ICMP, 8)
    answers = of_us(s.packets(), layer)
    s.check("and seen on the wire", len(answers) >= came, "echo replies")
    asked = [p[ask].seq for p in s.packets() if p.haslayer(ask) and p[ask].type == kind]
    told = {p[layer].seq for p in answers}
    left = [seq for seq in asked if seq not in told and told and seq < max(told)]
    s.check("each in its turn", spoiled or s.opts.reorder or not left,
            f"not answered: {left}" if left else "none is left out")
    audit_clean(s)


def resolved(s, ip):
    from scapy.layers.inet6 import ICMPv6ND_NA
    from scapy.layers.l2 import ARP
    who = (of_us(s.packets(), ICMPv6ND_NA) if ":" in ip
           else [p for p in of_us(s.packets(), ARP) if p[ARP].op == 2])
    s.check("the neighbour question is answered", who, f"{len(who)} answers")


@scene("ip4-icmp-echo", COUNT)
def ip4_icmp_echo(s):
    """The kernel pings phantom over IPv4: ARP, then echo (RFC 792)."""
    static(s)
    pings(s, DUT_IP)
    resolved(s, DUT_IP)


@scene("ip6-icmp-echo", COUNT)
def ip6_icmp_echo(s):
    """The kernel pings phantom over IPv6: neighbour discovery, then echo (RFC 4443)."""
    static(s)
    pings(s, DUT6)
    resolved(s, DUT6)


@scene("ip4-icmp-frag-rx", COUNT, ("--size", {"type": int, "default": 4000, "help": "octets (4000)"}))
def ip4_icmp_frag_rx(s):
    """Pings that come in fragments are put together, and the answers are cut again (RFC 815, 791)."""
    from scapy.layers.inet import IP

    static(s)
    pings(s, DUT_IP, "-s", str(s.opts.size))
    pieces = [p for p in of_us(s.packets(), IP) if p[IP].frag or p[IP].flags.MF]
    s.check("answers in fragments", pieces or s.opts.size <= 1472, f"{len(pieces)} fragments of ours")


# ---- monkeys ------------------------------------------------------------------------------------

def monkeys(s, kind, ip):
    rude = getattr(s.opts, "no_graceful", False)
    s.client(sys.executable, "-c", TALK, kind, ip, "7", s.opts.payload, "yes" if rude else "no",
             within=120)
    size = next((int(ln.split()[0]) for ln in s.said if ln.endswith(" octets")), 0)
    s.check("monkeys came", size > 60, f"{size} octets")
    resolved(s, ip)
    audit_clean(s)
    return size


def tcp_monkeys(s, ip):
    from scapy.layers.inet import TCP
    static(s)
    size = monkeys(s, "tcp", ip)
    ours = of_us(s.packets(), TCP)
    data = max((len(bytes(p[TCP].payload)) for p in ours), default=0)
    first = {(p[TCP].sport, p[TCP].seq, str(p[TCP].flags), len(p[TCP].payload)): str(p[TCP].flags)
             for p in s.packets() if p.haslayer(TCP)}
    flags = list(first.values())  # without what was sent again
    mss = 1440 if ":" in ip else 1460
    s.check("segments no longer than the MSS", 0 < data <= mss and (size <= mss - 12 or
            data >= mss - 12), f"{data} octets in the longest")
    s.check("opened by three", flags[:3] == ["S", "SA", "A"] or s.opts.loss or s.opts.reorder
            or s.opts.duplicate, " ".join(flags[:3]))
    end = "R" if s.opts.no_graceful else "F"
    s.check(f"ended by {'a reset' if end == 'R' else 'FINs of both'}",
            sum(end in f for f in flags) >= (1 if end == "R" else 2), " ".join(flags[-4:]))


def udp_monkeys(s, ip):
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6ExtHdrFragment
    static(s)
    size = monkeys(s, "udp", ip)
    if ":" in ip:
        pieces = of_us(s.packets(), IPv6ExtHdrFragment)
    else:
        pieces = [p for p in of_us(s.packets(), IP) if p[IP].frag or p[IP].flags.MF]
    s.check("an answer above the MTU goes in fragments", bool(pieces) == (size > 1472),
            f"{len(pieces)} fragments, {size} octets")


@scene("ip4-tcp-monkeys", PAYLOAD, GRACEFUL)
def ip4_tcp_monkeys(s):
    """A word to the echo service over TCP and IPv4: handshake, full segments, close (RFC 9293)."""
    tcp_monkeys(s, DUT_IP)


@scene("ip6-tcp-monkeys", PAYLOAD, GRACEFUL)
def ip6_tcp_monkeys(s):
    """The same over IPv6: neighbour discovery instead of ARP, segments of 1440 octets."""
    tcp_monkeys(s, DUT6)


@scene("ip4-udp-monkeys", PAYLOAD)
def ip4_udp_monkeys(s):
    """A datagram whose answer is longer than the MTU: fragments, held until ARP has answered."""
    udp_monkeys(s, DUT_IP)


@scene("ip6-udp-monkeys", PAYLOAD)
def ip6_udp_monkeys(s):
    """The same over IPv6: the answer has fragment headers (RFC 8200 4.5)."""
    udp_monkeys(s, DUT6)
