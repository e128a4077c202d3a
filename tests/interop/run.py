# SPDX-License-Identifier: BSD-2-Clause
"""Puts phantom beside the programs that people have, and writes what was run and what was seen as
docs/interop.md. From the build directory, as root:

    python3 ../tests/interop/run.py > ../docs/interop.md

A program that is not here is a row that says so. The status is 1 when something was not as it must be.
"""

import argparse
import base64
import json
import os
import platform
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../harness/python"))

from rig import scenes_list  # noqa: E402
from rig.net import DUT_IP, WITHIN  # noqa: E402
from rig.scenes import DUT6, Scene, parser  # noqa: E402
from rig.session import CannotRun, RigError, find_program  # noqa: E402

PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
ROWS = []


def row(peer, run, seen, held):
    ROWS.append((peer, run, seen, held))


def version(*argv):
    run = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+[\w.-]*|\d{8}", run.stdout + run.stderr)
    return found.group(0) if found else ""


def options():
    def nothing(_):
        """None."""
    nothing.options = ()
    return parser("interop", nothing).parse_args([])


def tool(s, package, want, *argv, of=None):
    """A row: the program, run in the peer's namespace; the line that matches `want` is what was seen."""
    name = argv[0]
    path = shutil.which(name, path=PATH)
    if not path:
        row(name, " ".join(argv), f"not here: apt-get install {package}", None)
        return
    result = s.client(path, *argv[1:])
    text = result.stdout + result.stderr
    found = re.search(want, text, re.M)
    label = f"{name} {of}" if of else name
    row(label.strip(), " ".join(argv), found.group(0).strip() if found else
        (text.strip().splitlines() or ["nothing"])[-1], bool(found))


def versions():
    return {"ping": version("ping", "-V"), "curl": version("curl", "-V"),
            "traceroute": version("traceroute", "-V"), "arping": version("arping", "-V"),
            "iperf3": version("iperf3", "-v"), "ndisc6": version("ndisc6", "-V")}


def static(s):
    of = versions()
    s.dut.exec("ip", "link", "set", "lo", "up")
    iperf = shutil.which("iperf3", path=PATH)
    if iperf:
        s.dut.run(iperf, "-s", "-B", "127.0.0.1", name="iperf3")
    s.start("--addr", f"{DUT_IP}/24", "--addr", f"{DUT6}/64", "--gateway", "10.0.0.1", "--serve",
            "http:80", "--serve", "discard:9", "--serve", "daytime:13",
            "--serve", "forward:5201:127.0.0.1:5201")
    s.wait(lambda: all("tentative" not in a.get("flags", []) for a in s.ask("addrs")), "addresses")
    for ip, six in ((DUT_IP, ()), (DUT6, ("-6",))):
        tool(s, "iputils-ping", r"^3 packets transmitted, 3 received.*$", "ping", *six, "-c", "3",
             "-i", "0.2", ip, of=of["ping"])
        tool(s, "iputils-ping", r"^3 packets transmitted, 3 received.*$", "ping", *six, "-c", "3",
             "-i", "0.2", "-s", "4000", ip, of=of["ping"])
        tool(s, "traceroute", r"^ ?1  .*$", "traceroute", *six, "-n", "-q", "1", ip,
             of=of["traceroute"])
        tool(s, "traceroute", r"^ ?1  .*$", "traceroute", *six, "-n", "-I", "-q", "1", ip,
             of=of["traceroute"])
        tool(s, "traceroute", r"^ ?1  .*$", "traceroute", *six, "-n", "-T", "-p", "7", "-q", "1", ip,
             of=of["traceroute"])
        url = f"http://[{ip}]/" if six else f"http://{ip}/"
        tool(s, "curl", r"^200 [1-9]\d* octets$", "curl", "-g", "-s", "-o", "/dev/null", "-w",
             "%{http_code} %{size_download} octets\\n", url, of=of["curl"])
        tool(s, "netcat-openbsd", r"\d\d:\d\d:\d\d", "nc", "-w", "3", ip, "13")
        tool(s, "netcat-openbsd", r"open|succeeded", "nc", "-z", "-v", "-w", "3", ip, "7")
        tool(s, "netcat-openbsd", r"refused", "nc", "-z", "-v", "-w", "3", ip, "4444")
    tool(s, "arping", r"^.*(Received 3|3 packets received).*$", "arping", "-c", "3", "-w", "6", "-I",
         "eth0", DUT_IP, of=of["arping"])
    tool(s, "ndisc6", r"^.*02:00:0A:00:00:02.*$", "ndisc6", DUT6, "eth0", of=of["ndisc6"])
    tool(s, "iperf3", r"^.*receiver$", "iperf3", "-c", DUT_IP, "-n", "20M", of=of["iperf3"])
    tool(s, "iperf3", r"^.*receiver$", "iperf3", "-c", DUT_IP, "-n", "20M", "-R", of=of["iperf3"])
    s.end()
    readers(s)


def readers(s):
    """What the programs that read captures say of this one."""
    if shutil.which("tcpdump", path=PATH):
        text = subprocess.run(["tcpdump", "-nvv", "-r", s.capture, "ether", "src", scenes_list.DUT_MAC],
                              capture_output=True, text=True, check=False).stdout
        wrong = len(re.findall(r"bad .?cksum|incorrect|\[\|", text))
        frames = len(re.findall(r"^\d\d:", text, re.M))
        row(f"tcpdump {version('tcpdump', '--version')}", "tcpdump -nvv -r wire.pcapng, frames of phantom's",
            f"{frames} frames, {wrong} with a wrong checksum or cut short", frames > 50 and wrong == 0)
    if shutil.which("tshark", path=PATH):
        # All ones where zeros would do is a sum that holds, and what Linux sends when it sums itself;
        # tshark counts it as wrong.
        ask = ("_ws.malformed || ip.checksum.status == 0 || "
               "(tcp.checksum.status == 0 && tcp.checksum != 0xffff) || "
               "udp.checksum.status == 0 || icmpv6.checksum.status == 0")
        run = subprocess.run(["tshark", "-r", s.capture, "-o", "ip.check_checksum:TRUE", "-o",
                              "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-Y",
                              f"eth.src == {scenes_list.DUT_MAC} && ({ask})"],
                             capture_output=True, text=True, check=False)
        wrong = len(run.stdout.splitlines())
        row(f"tshark {version('tshark', '--version')}", "tshark -r wire.pcapng, malformed or wrong checksums",
            f"{wrong} frames", run.returncode == 0 and wrong == 0)
    audit = json.loads(subprocess.run([find_program("rig"), "audit", "--json", s.capture],
                                      stdout=subprocess.PIPE, check=False).stdout)
    hosts = [h for h in audit["hosts"] if h["host"] in (DUT_IP, DUT6)]
    broken = sum(bool(r["violated"]) for h in hosts for r in h["rules"].values())
    held = sum(r["held"] for h in hosts for r in h["rules"].values())
    row("rig audit", "rig audit wire.pcapng", f"held {held} times, {broken} rules violated",
        held > 0 and broken == 0)


def scene(name, title, what):
    """A scene of rig demo as rows: each thing that it checks."""
    def play(s):
        scenes_list.SCENES[name](s)
        for check, held, seen in s.checks:
            row(title, what, f"{check}: {seen}" if seen else check, held)
    return play


def leased(s, server):
    """A row: phantom has an address of the server's, and answers at it."""
    s.start("--addr", "dhcp", "--dhcp-wait", "1000")
    got = s.bound()
    result = s.client("ping", "-c", "1", "-W", "5", got["ip"])
    row(server, "phantom --addr dhcp",
        f"{got['ip']}/{got['prefix']} for {got['expires']} s, "
        f"{'answers' if result.status == 0 else 'does not answer'} a ping", result.status == 0)
    s.end()


def udhcpd(s):
    path = shutil.which("udhcpd", path=PATH)
    if not path:
        row("udhcpd", "phantom --addr dhcp", "not here: apt-get install udhcpd", None)
        return
    with open(f"{s.out}/udhcpd.conf", "w", encoding="utf-8") as file:
        file.write(f"start 10.0.0.70\nend 10.0.0.80\ninterface eth0\nlease_file {s.out}/leases\n"
                   f"pidfile {s.out}/pid\noption subnet 255.255.255.0\noption router 10.0.0.1\n"
                   "option lease 3600\n")
    open(f"{s.out}/leases", "w", encoding="utf-8").close()
    s.serve("udhcpd", path, "-f", f"{s.out}/udhcpd.conf", ready="started")
    leased(s, "udhcpd (BusyBox)")


def kea(s):
    path = shutil.which("kea-dhcp4", path=PATH)
    if not path:
        row("kea-dhcp4", "phantom --addr dhcp", "not here: apt-get install kea-dhcp4-server", None)
        return
    conf = {"interfaces-config": {"interfaces": ["eth0"], "dhcp-socket-type": "raw"},
            "lease-database": {"type": "memfile", "persist": False}, "valid-lifetime": 3600,
            "subnet4": [{"subnet": "10.0.0.0/24", "pools": [{"pool": "10.0.0.90 - 10.0.0.95"}],
                         "option-data": [{"name": "routers", "data": "10.0.0.1"}]}],
            "loggers": [{"name": "kea-dhcp4", "output_options": [{"output": "stdout", "flush": True}],
                         "severity": "INFO"}]}
    with open(f"{s.out}/kea.json", "w", encoding="utf-8") as file:
        json.dump({"Dhcp4": conf}, file)
    s.serve("kea-dhcp4", "/usr/bin/env", f"KEA_PIDFILE_DIR={s.out}", "KEA_LOCKFILE_DIR=none", path,
            "-c", f"{s.out}/kea.json", ready="DHCP4_STARTED")
    leased(s, f"kea-dhcp4 {version(path, '-v')}")


class Calls:
    """Socket calls of phantom's, by docs/dut-protocol.md."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WITHIN)
        self.sock.connect(path)
        self.file = self.sock.makefile("rw", encoding="utf-8")

    def __call__(self, name, /, **args):
        self.file.write(json.dumps({"id": 1, "call": name, "args": args}) + "\n")
        self.file.flush()
        while (answer := json.loads(self.file.readline())).get("pending"):
            pass
        assert answer.get("result", -1) >= 0, f"{name}: {answer}"
        return answer


def of_group(s, version_of, group):
    """A row: a socket of phantom's in mDNS's group asks for the host that avahi has, and hears it.

    The calls come back: while they are kept, so is the socket.
    """
    six = ":" in group
    family = socket.AF_INET6 if six else socket.AF_INET
    link = [one for one in s.ask("links") if one["name"] == "tap0"][0]["index"]
    packed = socket.inet_pton(family, group)
    address = (struct.pack("=HHI16sI", family, 0, 0, packed, 0) if six else
               struct.pack("=HH4s", family, 0, packed)).ljust(128, b"\0")
    level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
    join, hops = 42, (18, 255) if six else (33, 255)  # MCAST_JOIN_GROUP, IPV6_ and IP_MULTICAST_TTL
    query = (struct.pack("!6H", 0, 0, 1, 0, 0, 0) + b"\x04peer\x05local\0"
             + struct.pack("!2H", 28 if six else 1, 1))
    to = {"family": int(family), "ip": group, "port": 5353, "scope": link if six else 0}
    calls = Calls(s.control)
    fd = calls("socket", family=int(family), type=2, protocol=0)["result"]
    if six:
        calls("setsockopt", fd=fd, level=level, name=socket.IPV6_V6ONLY, bytes={"int": 1})
    calls("bind", fd=fd, addr={"family": int(family), "ip": "::" if six else "0.0.0.0", "port": 5353})
    calls("setsockopt", fd=fd, level=level, name=join,
          bytes={"hex": (struct.pack("=II", link, 0) + address).hex()})
    calls("setsockopt", fd=fd, level=level, name=hops[0], bytes={"int": hops[1]})
    calls("setsockopt", fd=fd, level=level, name=19 if six else 34, bytes={"int": 0})
    heard, deadline = "nothing", time.monotonic() + WITHIN
    while heard == "nothing" and time.monotonic() < deadline:
        calls("send", fd=fd, flags=0, bytes={"hex": query.hex()}, addr=to)
        while calls("poll", timeout_ms=1500, fds=[{"fd": fd, "events": 1}])["out"]["revents"][0]:
            answer = calls("recv", fd=fd, flags=0, len=9000)["out"]
            data = base64.b64decode(answer["bytes"])
            if data[2] & 0x80 and b"\x04peer" in data:
                heard = f"an answer of {len(data)} octets about peer.local from {answer['addr']['ip']}"
                break
    row(version_of, f"a UDP socket of phantom's in {group} asks for peer.local", heard,
        heard != "nothing")
    return calls


def avahi(s):
    path = shutil.which("avahi-daemon", path=PATH)
    if not path:
        row("avahi-daemon", "mDNS", "not here: apt-get install avahi-daemon", None)
        return
    with open(f"{s.out}/avahi.conf", "w", encoding="utf-8") as file:
        file.write("[server]\nhost-name=peer\nuse-ipv4=yes\nuse-ipv6=yes\nallow-interfaces=eth0\n"
                   "enable-dbus=no\nratelimit-interval-usec=0\n[publish]\npublish-aaaa-on-ipv4=no\n")
    s.start("--addr", f"{DUT_IP}/24", "--addr", f"{DUT6}/64")
    s.serve("avahi", path, "--no-drop-root", "--no-chroot", "--no-rlimits", "-f",
            f"{s.out}/avahi.conf", ready="Server startup complete")
    s.wait(lambda: all("tentative" not in a.get("flags", []) for a in s.ask("addrs")), "addresses")
    kept = []
    for group in ("224.0.0.251", "ff02::fb"):
        kept.append(of_group(s, f"avahi-daemon {version(path, '--version')}", group))
    joined = {g["addr"] for g in s.ask("maddrs") if g["dev"] == "tap0"}
    row("avahi-daemon", "phantom ctl maddr, while they are", ", ".join(sorted(joined)),
        {"224.0.0.251", "ff02::fb"} <= joined)
    del kept
    s.end()


def play(what):
    out = tempfile.mkdtemp(prefix="rig-interop-")
    s = None
    try:
        s = Scene(options(), out)
        what(s)
    except CannotRun as e:
        row("-", "", str(e), None)
    except (RigError, AssertionError) as e:
        row("-", "", str(e).splitlines()[0], False)
    finally:
        if s:
            s.session.close()
        shutil.rmtree(out, ignore_errors=True)


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    play(static)
    play(scene("ip4-dhcp", f"dnsmasq {version('dnsmasq', '--version')}", "phantom --addr dhcp"))
    play(udhcpd)
    play(kea)
    play(avahi)
    play(scene("boot", f"radvd {version('radvd', '--version')} and dnsmasq",
               "phantom --addr auto --ipv6 slaac"))
    print(f"# Interoperation\n\nWritten by `tests/interop/run.py` from a run: phantom beside the programs "
          f"that people have, each in a\nnamespace of its own on one bridge. Linux {platform.release()}, "
          f"addresses {DUT_IP} and {DUT6}.\n\n"
          "| program | what was run | what was seen | |\n|---|---|---|---|")
    for peer, run, seen, held in ROWS:
        word = {True: "as it must be", False: "**NOT as it must be**", None: "not run"}[held]
        cells = [cell.replace("|", "\\|") for cell in (peer, f"`{run}`" if run else "", seen, word)]
        print("| " + " | ".join(cells) + " |")
    return any(held is False for _, _, _, held in ROWS)


if __name__ == "__main__":
    sys.exit(main())
