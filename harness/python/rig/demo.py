# SPDX-License-Identifier: BSD-2-Clause
"""rig demo: phantom comes up on a TAP in a scripted network, talks to the Linux kernel through a bad
link, and is judged on its wire. Every step is checked; the table at the end says what was seen.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from .host import Node
from .net import DUT_IP, DUT_MAC, PEER_IP, eventually, fnv64, pattern
from .session import CannotRun, RigError, Session, find_program

OK, FAILED, CANNOT = 0, 1, 77


class Screen:
    """What a person sees: steps as they happen, colours only on a terminal."""

    def __init__(self):
        self.colour = sys.stdout.isatty()
        self.rows = []

    def paint(self, text, code):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def say(self, text=""):
        print(text, flush=True)

    def step(self, text):
        self.say(self.paint(f"* {text}", 1))

    def verdict(self, what, held, seen):
        self.rows.append((what, held, seen))
        word = self.paint("pass", 32) if held else self.paint("FAIL", 31)
        self.say(f"  {word}  {what}: {seen}")

    def table(self):
        width = max(len(what) for what, _, _ in self.rows)
        self.say()
        for what, held, seen in self.rows:
            word = self.paint("pass", 32) if held else self.paint("FAIL", 31)
            self.say(f"  {what:<{width}}  {word}  {seen}")
        self.say()
        return all(held for _, held, _ in self.rows)


class Demo:
    def __init__(self, opts, screen):
        self.opts, self.screen = opts, screen
        self.session = Session()
        self.peer = Node(self.session, "peer", PEER_IP)
        self.dut = Node(self.session, "dut", DUT_IP, "tap0")
        self.capture = os.path.join(opts.out, "demo.pcapng")
        self.trace = os.path.join(opts.out, "demo.trace.jsonl")
        self.control = os.path.join(opts.out, "control")
        self.phantom = None

    def build(self):
        opts, do = self.opts, self.session.do
        self.screen.step("a network: a Linux peer, a bridge, a TAP")
        drawing = subprocess.run([find_program("rig"), "up", "lan", "--", "true"],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                 check=False).stdout
        do("include lan")
        self.screen.say(drawing.split("\n\n")[0].rstrip())
        do(f"link dut.tap0 delay {opts.delay} loss {opts.loss} seed {opts.seed}")
        do(f"capture dut.tap0 {self.capture}")
        self.screen.say(f"  between phantom and the bridge: {opts.delay} delay and {opts.loss} loss each "
                        f"way, seed {opts.seed}")

    def start(self):
        self.screen.step("phantom, a TCP/IP host in user space, comes up on the TAP")
        self.phantom = self.dut.run(
            find_program("phantom"), "--tap", "tap0", "--mac", DUT_MAC, "--addr", f"{DUT_IP}/24",
            "--offload", "off", "--gro", "off", "--serve", "echo:7", "--serve", "tcp-sink:5001",
            "--serve", f"tcp-source:5002:{self.opts.bytes}",
            "--trace", self.trace, "--control", self.control,
            name="phantom")

    def lose(self, way):
        """Losses in the direction of the data alone. With acknowledgments lost as well the kernel's
        timeouts grow by every round trip that it measures wrong, and a newcomer waits for minutes."""
        for other in ("in", "out"):
            self.session.do(f"link dut.tap0 {other} loss {self.opts.loss if other == way else '0%'}")

    def ping(self, count):
        self.screen.step(f"{count} pings, {self.opts.loss} lost each way on purpose")
        result = self.peer.exec("ping", "-i", "0.05", "-c", str(count), "-W", "1", DUT_IP, check=False)
        line = next((ln for ln in result.stdout.splitlines() if "packets transmitted" in ln), "")
        came = int(line.split(",")[1].split()[0]) if "," in line else 0
        self.screen.verdict("ping through the loss", came > 0, f"{came} of {count} answered")

    def monkeys(self):
        self.screen.step("the word `monkeys`, said to the echo service")
        sock = self.peer.connect(DUT_IP, 7, within=60)
        sock.sendall(b"monkeys\n")
        sock.shutdown(1)
        art = b""
        while part := sock.recv(65536):
            art += part
        self.screen.say(art.decode(errors="replace"))
        self.screen.verdict("an answer longer than a segment", len(art) > 1460, f"{len(art)} octets")

    def upload(self):
        size = self.opts.bytes
        self.screen.step(f"the kernel sends {size:,} octets to phantom, {self.opts.loss} of it lost")
        self.lose("in")
        start = time.monotonic()
        sock = self.peer.connect(DUT_IP, 5001, within=120)
        self.progress(sock, lambda s: s.sendall(pattern(size)), "sent")
        sock.shutdown(1)
        clean = sock.recv(1) == b""
        want = f"sink {size} bytes fnv64 {fnv64(pattern(size))}"
        told = eventually(self.told_by_sink)
        rate = size * 8 / (time.monotonic() - start) / 1e6
        self.screen.verdict("kernel to phantom", clean and told == want,
                            f"{told}, {rate:.2f} Mbit/s, closed cleanly")

    def told_by_sink(self):
        return next((ln for ln in self.phantom.output().splitlines() if ln.startswith("sink ")), None)

    def download(self):
        size, got = self.opts.bytes, bytearray()
        self.screen.step(f"phantom sends {size:,} octets to the kernel, {self.opts.loss} of it lost")
        self.lose("out")
        start = time.monotonic()
        sock = self.peer.connect(DUT_IP, 5002, within=120)

        def receive(s):
            while part := s.recv(65536):
                got.extend(part)

        self.progress(sock, receive, "received", lambda: len(got))
        same = bytes(got) == pattern(size)
        rate = len(got) * 8 / (time.monotonic() - start) / 1e6
        self.screen.verdict("phantom to kernel", same, f"{len(got):,} octets, "
                            f"{'equal' if same else 'NOT equal'}, {rate:.2f} Mbit/s")

    def progress(self, sock, work, verb, done=None):
        """Runs work(sock) and, on a terminal, says every second how far it is."""
        failed = []

        def run():
            try:
                work(sock)
            except OSError as e:
                failed.append(e)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        start = time.monotonic()
        while thread.is_alive():
            thread.join(1)
            if self.screen.colour and thread.is_alive():
                far = f"{done() * 100 // self.opts.bytes}% " if done else ""
                print(f"\r  {far}{verb}, {time.monotonic() - start:.0f} s", end="", flush=True)
        if self.screen.colour:
            print("\r\033[K", end="")
        if failed:
            raise RigError(f"the transfer broke: {failed[0]}")

    def judge(self):
        self.screen.step("judged: the link, and every packet of the capture held against the RFCs")
        link = self.session.do("link dut.tap0 stats")
        ours = self.counters()["TcpRetransSegs"]
        theirs = self.peer.counters()["TcpRetransSegs"]
        self.phantom.kill("TERM")
        status = self.phantom.wait(20)
        self.session.do(f"capture stop {self.capture}")
        seen, lost = frames_of(link)
        self.screen.verdict("loss on the link", lost > 0 or self.opts.loss.startswith("0"),
                            f"{lost} of {seen} frames dropped")
        reply = subprocess.run([find_program("rig"), "audit", "--json", self.capture],
                               stdout=subprocess.PIPE, check=False)
        audit = json.loads(reply.stdout)
        for name, again in (("phantom", ours), ("kernel", theirs)):
            self.screen.verdict(f"retransmissions by {name}", again > 0 or lost == 0,
                                f"{again} segments")
        for name, ip in (("phantom", DUT_IP), ("kernel", PEER_IP)):
            rules = next((h["rules"] for h in audit["hosts"] if h["host"] == ip), {})
            held = sum(r["held"] for r in rules.values())
            broken = [f"{n} ({r['section']}): {r['first']}" for n, r in rules.items()
                      if r["violated"]]
            judged = sum(1 for r in rules.values() if r["held"] or r["violated"])
            self.screen.verdict(f"RFC checks of {name}", not broken and held > 0,
                                f"{judged} rules held {held} times" +
                                "".join(f"; VIOLATED {b}" for b in broken))
        self.screen.verdict("phantom ends on SIGTERM", status == 0, f"status {status}")

    def counters(self):
        """phantom's, by its control socket; they have the kernel's names."""
        reply = subprocess.run([find_program("phantom"), "ctl", self.control, "counters", "--json"],
                               stdout=subprocess.PIPE, check=True)
        return json.loads(reply.stdout)["counters"]

    def close(self):
        self.session.close()


def frames_of(stats):
    """(frames offered, frames dropped) of a link, both directions, from `link DEV stats`."""
    seen = lost = 0
    for way in ("in", "out"):
        seen += stats[way]["frames"]
        lost += sum(stats[way]["drops"].values())
    return seen, lost


def scenes(argv):
    """rig demo NAME and rig demo --list; None: neither."""
    from . import scenes_list
    if argv == ["--list"]:
        for name, scene in scenes_list.SCENES.items():
            print(f"{name:<17} {scene.__doc__}")
        return OK
    if not argv or argv[0].startswith("-"):
        return None
    if argv[0] not in scenes_list.SCENES:
        print(f"rig demo {argv[0]}: no such scene; there are {', '.join(scenes_list.SCENES)}",
              file=sys.stderr)
        return 2
    from .scenes import play
    return play(argv[0], scenes_list.SCENES[argv[0]], argv[1:])


def main():
    status = scenes(sys.argv[1:])
    if status is not None:
        return status
    ap = argparse.ArgumentParser(prog="rig demo", description="phantom and the Linux kernel talk "
                                 "through a bad link, and the wire is judged",
                                 epilog="rig demo NAME plays a small scene instead; rig demo NAME --help "
                                 "says what it takes")
    ap.add_argument("--list", action="store_true", help="the small scenes, and exit")
    ap.add_argument("--loss", default="20%", help="share of frames lost each way (20%%)")
    ap.add_argument("--delay", default="5ms", help="delay each way (5ms)")
    ap.add_argument("--seed", default="1", help="of the losses: the same seed, the same losses (1)")
    ap.add_argument("--bytes", type=int, default=200_000, help="octets each way (200000)")
    ap.add_argument("--out", help="directory for the capture and the trace (a new one in /tmp)")
    opts = ap.parse_args()
    opts.out = os.path.abspath(opts.out) if opts.out else tempfile.mkdtemp(prefix="rig-demo-")
    os.makedirs(opts.out, exist_ok=True)
    screen, demo = Screen(), None
    try:
        demo = Demo(opts, screen)
        demo.build()
        demo.start()
        demo.ping(20)
        demo.monkeys()
        demo.upload()
        demo.download()
        demo.judge()
        passed = screen.table()
    except CannotRun as e:
        shutil.rmtree(opts.out, ignore_errors=True)
        print(f"rig demo: {e}", file=sys.stderr)
        return CANNOT
    except (RigError, AssertionError, OSError) as e:
        print(f"rig demo: {e}", file=sys.stderr)
        passed = False
    finally:
        if demo:
            demo.close()
    screen.say(f"capture: {opts.out}/demo.pcapng (for Wireshark, or rig audit)")
    return OK if passed else FAILED


if __name__ == "__main__":
    sys.exit(main())
