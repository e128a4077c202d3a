# SPDX-License-Identifier: BSD-2-Clause
"""rig demo NAME: ten small scenes, each phantom beside the Linux kernel on one wire, shown from three
sides (what phantom logged, what the client saw, what passed on the wire), and held against what must
be seen. What each scene does and asks is in scenes_list.py.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import textwrap

from .demo import CANNOT, FAILED, OK, Screen
from .host import Node
from .net import DUT_IP, DUT_MAC, PEER_IP, eventually
from .session import CannotRun, RigError, Session, find_program
from .tester import raw_socket

PEER6, DUT6 = "fd00::1", "fd00::2"
WAIT_S = 120  # for what only a bug keeps from coming
# of Debian, where its name is not the program's
PACKAGES = {"dnsmasq": "dnsmasq-base", "ping": "iputils-ping"}
LOG_SKIPS = ("segment_sent", "segment_received", "rtt_updated", "metrics_updated")


class Scene:
    """One run: a world, phantom in it, clients, and what was seen."""

    def __init__(self, opts, out):
        self.opts, self.out = opts, out
        self.session = Session()
        self.session.do("set ipv6=on")
        self.session.do("include lan")
        self.peer = Node(self.session, "peer", PEER_IP)
        self.dut = Node(self.session, "dut", DUT_IP, "tap0")
        self.capture = os.path.join(out, "wire.pcapng")
        self.trace = os.path.join(out, "trace.jsonl")
        self.control = os.path.join(out, "control")
        self.phantom = None
        self.late = 0.0   # seconds that phantom was ready to run and had no CPU
        self.said = []    # by clients: lines
        self.checks = []  # (what, held, seen)
        self._packets = None

    # ---- acting -----------------------------------------------------------------------------

    def impair(self):
        """The link as the options want it; the same words for each scene."""
        opts, words = self.opts, []
        delay = opts.delay or ("10ms" if opts.reorder else None)
        for word, value in (("delay", delay), ("loss", opts.loss), ("reorder", opts.reorder),
                            ("dup", opts.duplicate), ("corrupt", opts.corrupt)):
            if value:
                words.append(f"{word} {value}")
        if words:
            self.session.do(f"link dut.tap0 {' '.join(words)} seed {opts.seed}")

    def start(self, *args):
        self.impair()
        self.session.do(f"capture lan {self.capture}")
        self.heard = raw_socket(self.session.fd("socket peer.eth0")[0])
        self.heard.setblocking(False)
        self.phantom = self.dut.run(
            find_program("phantom"), "--tap", "tap0", "--mac", DUT_MAC, "--offload", "off",
            "--gro", "off", "--serve", "echo:7", "--trace", self.trace, "--control", self.control, *args,
            name="phantom")
        eventually(lambda: "ready" in self.phantom.errors(), WAIT_S, "phantom being ready")

    @staticmethod
    def path_of(program):
        """Where it is, though /usr/sbin is not on everybody's PATH."""
        path = shutil.which(program, path=os.environ.get("PATH", "/usr/bin") + ":/usr/sbin:/sbin")
        if not path:
            raise CannotRun(f"{program} is not here: apt-get install {PACKAGES.get(program, program)}")
        return path

    def serve(self, name, *argv, ready, within=WAIT_S):
        """A server beside phantom; its program must be here."""
        server = self.peer.run(self.path_of(argv[0]), *argv[1:], name=name)
        eventually(lambda: ready in server.errors() + server.output(), within, f"{name} being ready")
        return server

    def client(self, *argv, within=2 * WAIT_S):
        """Runs a program beside phantom; what it printed is what the client saw."""
        result = self.peer.exec(self.path_of(argv[0]), *argv[1:], check=False, within=within)
        self.said += [f"$ {' '.join(argv)}" if len(" ".join(argv)) < 90 else f"$ {argv[0]} ..."]
        self.said += (result.stdout + result.stderr).rstrip().splitlines()
        return result

    def ask(self, what):
        """phantom ctl, as JSON."""
        result = self.dut.exec(find_program("phantom"), "ctl", self.control, what, "--json")
        found = json.loads(result.stdout)[what]
        return [a for a in found if a["dev"] != "lo"] if what == "addrs" else found

    def bound(self, within=2 * WAIT_S):
        """The lease, once there is one."""
        eventually(lambda: self.ask("lease")[0]["state"] == "BOUND", within, "a lease")
        return self.ask("lease")[0]

    def wait(self, fn, what):
        eventually(fn, WAIT_S, what)

    def announced(self, ip):
        """Waits until both announcements of an address have come to the peer."""
        from scapy.layers.l2 import ARP, Ether
        told = []

        def twice():
            with contextlib.suppress(BlockingIOError):
                while True:
                    frame = Ether(self.heard.recv(1 << 16))
                    if ARP in frame and frame[ARP].psrc == frame[ARP].pdst == ip:
                        told.append(frame)
            return len(told) >= 2

        self.wait(twice, f"two announcements of {ip}")

    # ---- judging ----------------------------------------------------------------------------

    def check(self, what, held, seen=""):
        self.checks.append((what, bool(held), str(seen)))

    def end(self):
        if self.phantom and self.phantom.status is None:
            with contextlib.suppress(OSError, IndexError):
                with open(f"/proc/{self.phantom.pid}/schedstat", encoding="ascii") as file:
                    self.late = int(file.read().split()[1]) / 1e9
            self.phantom.kill("TERM")
            self.check("phantom ends on SIGTERM", self.phantom.wait(30) == 0, "status 0")
        if self._packets is None:
            self.session.do(f"capture stop {self.capture}")

    def packets(self):
        """All frames of the capture, once it has ended."""
        if self._packets is None:
            from scapy.layers import dhcp, inet, inet6, l2  # noqa: F401: so that they are known
            from scapy.utils import rdpcap
            self.end()
            self._packets = rdpcap(self.capture)
        return self._packets

    def log(self):
        lines, first = [], None
        with open(self.trace, encoding="utf-8") as file:
            for text in file:
                event = json.loads(text)
                name = event["name"].split(":")[1]
                first = first if first is not None else event["time"]
                if name in LOG_SKIPS:
                    continue
                words = " ".join(f"{key}={value}" for key, value in event["data"].items())
                lines.append(f"{(event['time'] - first) / 1e9:8.3f} {name} {words}")
        return [f"         {line}" for line in self.phantom.errors().splitlines()
                if line != "ready"] + lines

    def wire(self):
        packets = self.packets()
        first = float(packets[0].time) if packets else 0
        return [f"{float(p.time) - first:8.3f} {words(p)}" for p in packets]


def words(packet):
    """A frame in a line: scapy's, without what every line of a scene has."""
    text = re.sub(r"^Ether / (IPv6 / )?", "", packet.summary())
    return text.replace(" / Padding", "")


def columns(parts, width):
    """Texts side by side, each in a third of the width, long lines folded."""
    each = (width - 3 * (len(parts) - 1)) // len(parts)
    folded = []
    for title, lines in parts:
        cells = [title.upper(), "-" * each]
        for line in lines:
            cells += textwrap.wrap(line, each, subsequent_indent="    ",
                                   break_on_hyphens=False) or [""]
        folded.append(cells)
    for row in range(max(map(len, folded))):
        yield " | ".join((cells[row] if row < len(cells) else "").ljust(each)
                         for cells in folded).rstrip()


def show(screen, scene, width):
    parts = [("log", scene.log()), ("client", scene.said), ("wire", scene.wire())]
    if width >= 150:
        for line in columns(parts, width):
            screen.say(line)
        return
    for title, lines in parts:
        screen.step(title)
        for line in lines:
            screen.say(f"  {line}")


def expected(scene, opts):
    """What the user asked to be seen."""
    for where, patterns, lines in (("log", opts.expect_log, scene.log()),
                                   ("wire", opts.expect_wire, scene.wire()),
                                   ("client", opts.expect_client, scene.said)):
        for pattern in patterns:
            found = next((ln for ln in lines if re.search(pattern, ln)), None)
            scene.check(f"{where} has /{pattern}/", found is not None, (found or "no line").strip())


def parser(name, scene):
    ap = argparse.ArgumentParser(prog=f"rig demo {name}", description=scene.__doc__)
    ap.add_argument("--loss", help="share of frames lost each way, like 5%%")
    ap.add_argument("--delay", help="delay each way, like 10ms")
    ap.add_argument("--reorder", help="share of frames that overtake others (with 10 ms of delay)")
    ap.add_argument("--duplicate", help="share of frames sent twice")
    ap.add_argument("--corrupt", help="share of frames with a bit turned")
    ap.add_argument("--seed", default="1", help="of all that; the same seed, the same fate (1)")
    for where in ("log", "wire", "client"):
        ap.add_argument(f"--expect-{where}", metavar="REGEX", action="append", default=[],
                        help=f"a line of the {where} must match; may be repeated")
    ap.add_argument("--width", type=int, default=shutil.get_terminal_size().columns,
                    help="of the output: three columns from 150 on (the terminal's)")
    ap.add_argument("--out", help="directory for the capture and the trace (a new one in /tmp)")
    for option, words_of in scene.options:
        ap.add_argument(option, **words_of)
    return ap


def share(text):
    """5 and 5% are the same; so are 10 and 10ms."""
    return text and (f"{text}%" if re.fullmatch(r"[0-9.]+", text) else text)


def play(name, scene_of, argv):
    opts = parser(name, scene_of).parse_args(argv)
    for option in ("loss", "reorder", "duplicate", "corrupt"):
        setattr(opts, option, share(getattr(opts, option)))
    if opts.delay and opts.delay.isdigit():
        opts.delay += "ms"
    out = os.path.abspath(opts.out) if opts.out else tempfile.mkdtemp(prefix="rig-demo-")
    os.makedirs(out, exist_ok=True)
    screen, scene = Screen(), None
    try:
        scene = Scene(opts, out)
        screen.step(f"{name}: {scene_of.__doc__}")
        scene_of(scene)
        scene.end()
        expected(scene, opts)
        show(screen, scene, opts.width)
        screen.step("held against what must be seen")
        for what, held, seen in scene.checks:
            screen.verdict(what, held, seen)
        passed = all(held for _, held, _ in scene.checks)
    except CannotRun as e:
        shutil.rmtree(out, ignore_errors=True)
        print(f"rig demo {name}: {e}", file=sys.stderr)
        return CANNOT
    except (RigError, AssertionError, OSError) as e:
        print(f"rig demo {name}: {e}", file=sys.stderr)
        passed = False
    finally:
        if scene:
            scene.session.close()
    screen.say(f"capture: {out}/wire.pcapng (for Wireshark, or rig audit)")
    return OK if passed else FAILED
