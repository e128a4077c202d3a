# SPDX-License-Identifier: BSD-2-Clause
"""Runs one point in namespaces and in real time: phantom on a TAP or the kernel's sockets at the ends,
links by rig's wire or by the kernel's netem, traffic by the device protocol. Leaves result.json as
`rig sim --point` does (docs/lab-format.md). A program of its own, started by lab_run.py:

    python3 -m rig.lab_wire --point FILE --out DIR --engine wire|netem [--series] [--capture]
"""

import argparse
import json
import os
import shlex
import signal
import sys
import tempfile
import threading
import time

from . import lab_again, lab_agent, lab_capture, lab_measure, lab_store, lab_topo, lab_traffic
from .host import Node
from .net import quote
from .session import CannotRun, RigError, Session, find_program

SAMPLE_S = 0.01       # between two looks at queues and connections
GONE_S = 1.0          # in which a program whose socket is closed is seen to have ended
SAMPLED_MAX = 64      # connections looked at in one round; of more, by turns
OK, FAILED, BAD, CANNOT = 0, 1, 2, 77


class BadPoint(Exception):
    """The point cannot be built on a wire; the text is a sentence."""


# ---- the topology for real devices ---------------------------------------------------------------

class Plan:
    """Lines for `rig session`, and what each phantom is started with."""

    def __init__(self, spec, engine, verdicts=lambda device: ""):
        self.verdicts = verdicts  # more words for a link, by its device
        self.phantoms = {n: [] for n, kind in spec["devices"].items() if kind == "phantom"}
        self.tap, self.lines, self.links, self.other = {}, [], [], {}
        self.seed = spec["seed"]
        backend = self.backend = "netem" if engine == "netem" else "wire"
        for line in spec["topology"]:
            word = shlex.split(line, comments=True)
            if word:
                self._line(word, line, backend)
        for node, values in spec.get("sysctls", {}).items():
            for name, value in values.items():
                self._sysctl(node, f"{name}={value}")

    def _line(self, word, line, backend):
        verb, at = word[0], word[1] if len(word) > 1 else ""
        node = at.partition(".")[0]
        if verb in ("veth", "tap") and len(word) > 2:
            self._cable(at, word[2])
        elif verb == "link":
            if at in self.other:
                self._halves(at, word[2:])
                return
            more = "" if {"record", "replay"} & set(word) else self.verdicts(at)  # the file has its own
            more = " ".join(filter(None, (more, self._seeded(at, word))))
            self.links.append(f"{line}{more and ' both ' + more} backend {backend}")
        elif node in self.phantoms and verb in PHANTOM_WORDS:
            PHANTOM_WORDS[verb](self.phantoms[node], word)
            if verb == "mtu":
                self.lines.append(line)
        elif verb == "sysctl":
            self._sysctl(node, word[2])
        else:
            self.lines.append(line)

    def _halves(self, device, words):
        """netem on a host's own device would act before a capture there sees the frame. So each direction
        of a cable is impaired where it comes out of the hub: as `in` of the end it goes to."""
        sides, way = {"both": [], "in": [], "out": []}, "both"
        for word in words:
            if word in sides:
                way = word
            else:
                sides[way].append(word)
        for end, side in ((device, "in"), (self.other[device], "out")):
            mine = sides["both"] + sides[side]
            if mine:
                mine += [self._seeded(end, mine)]
                self.links.append(f"link {end} in {' '.join(mine)} backend {self.backend}")

    def _seeded(self, device, words):
        """The seed that the link of a device has in virtual time too, unless its words name one."""
        return "" if "seed" in words else f"seed {link_seed(self.seed, device)}"

    def where(self, name):
        """(device, way) at which a watched direction of a link is impaired here."""
        device, way = name.split()
        return (self.other[device], "in") if way == "out" and device in self.other else (device, way)

    def impaired(self, name):
        return any(line.split()[1] == self.where(name)[0] for line in self.links)

    def _sysctl(self, node, pair):
        if node in self.phantoms:
            self.phantoms[node] += ["--sysctl", pair]
        else:
            self.lines.append(f"sysctl {node} {quote(pair)}")

    def _cable(self, a, b):
        """A cable with a phantom at an end becomes a bridge of two ports: a TAP cannot be half of a pair."""
        ends = [end for end in (a, b) if "." in end]
        if len(ends) == 2 and self.backend == "netem":
            self.other[a], self.other[b] = b, a
        elif not any(end.partition(".")[0] in self.phantoms for end in ends):
            self.lines.append(f"veth {a} {b}")
            return
        bridge = b
        if len(ends) == 2:
            bridge = f"cable{len(self.lines)}"
            self.lines.append(f"bridge {bridge}")
        for end in ends:
            node, _, device = end.partition(".")
            if node in self.phantoms:
                if node in self.tap:
                    raise BadPoint(f"{node} has more than one device, and a phantom on a wire has one: "
                                   f"make {node} a linux, or a router")
                self.tap[node] = device
            self.lines.append(f"{'tap' if node in self.phantoms else 'veth'} {end} {bridge}")


NO_DAD = "net.ipv6.conf.default.dad_transmits=0"


def link_seed(seed, device):
    """As the simulator has it: by the point's seed and the device's name (sim_mix of harness/sim/rand.h)."""
    mask = (1 << 64) - 1
    for letter in device.encode():
        seed = (seed ^ letter) + 0x9e3779b97f4a7c15 & mask
        seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9 & mask
        seed = (seed ^ seed >> 27) * 0x94d049bb133111eb & mask
        seed ^= seed >> 31
    return seed


def _route(args, word):
    to, via = word[2], word[4]
    args += ["--gateway", via] if to == "default" else ["--route", f"{to},via={via}"]


def _addr(args, word):
    for address in word[2:]:
        args += ["--addr", address]
        if ":" in address and NO_DAD not in args:  # it is theirs from the beginning, as in virtual time
            args += ["--sysctl", NO_DAD]


PHANTOM_WORDS = {
    "addr": _addr,
    "route": _route,
    "mac": lambda args, word: args.extend(["--mac", word[2]]),
    "mtu": lambda args, word: args.extend(["--mtu", word[2]]),
    "offload": lambda args, word: args.extend(["--offload", word[2], "--gro", word[2]]),
}


# ---- a run ---------------------------------------------------------------------------------------

class Wire:
    """One point from its world's first line to its result."""

    def __init__(self, spec, out, opts):
        self.spec, self.out, self.opts = spec, out, opts
        self.topo = lab_topo.Topology(spec["topology"])
        self.work = tempfile.TemporaryDirectory(prefix="rig-lab-")
        self.plan = Plan(spec, opts.engine, self._verdicts if opts.engine == "wire" else lambda _: "")
        self.session = Session()
        self.programs, self.agents, self.captures = {}, {}, {}
        self.clock = lab_traffic.Clock(spec["duration"])
        self.settle = spec.get("settle") or 0
        self.flows, self.samples = [], lab_measure.Samples(self.settle)
        self.counters = {}

    def close(self):
        self.clock.over.set()
        for agent in self.agents.values():
            agent.close()
        for flow in self.flows:
            flow.end()
        self.session.close()
        self.keep_verdicts()
        self.work.cleanup()

    def _verdicts(self, device):
        """Words that record the fate of each frame, and give it the one it had where that is asked for."""
        words = f"record {self.work.name}/{device}"
        if self.opts.replay:
            lab_again.unpack(os.path.join(self.opts.replay, f"{device}.verdicts.gz"),
                             f"{self.work.name}/{device}.before")
            words += f" replay {self.work.name}/{device}.before"
        return words

    def keep_verdicts(self):
        """Packed beside the result, once the session that wrote them has ended."""
        for line in self.plan.links:
            device = line.split()[1]
            if os.path.exists(f"{self.work.name}/{device}"):
                lab_again.pack(f"{self.work.name}/{device}", os.path.join(self.out, f"{device}.verdicts.gz"))

    # ---- building ----------------------------------------------------------------------------

    def build(self):
        for line in self.plan.lines:
            self.session.do(line)
        for node, kind in self.spec["devices"].items():
            self._start(node, kind)
        for line in self.plan.links:  # before captures: a cable that is cut has other ends
            self.session.do(line)
        if self.opts.series:  # what became of each segment is seen at the other end and at the links
            for line in self.plan.links:
                self._capture(line.split()[1])
        for node in self._ends() if self.opts.series else self._senders():
            device = next(d for d in self.topo.devices if d.startswith(f"{node}."))
            self._capture(device)
        if self.opts.capture:
            for watched in self.spec.get("watch") or []:
                self._capture(watched.split()[0])
        for node in self.spec["devices"]:
            self.agents[node] = lab_agent.Agent(f"{self.spec['devices'][node]} at {node}",
                                                self._control(node))

    def _control(self, node):
        return os.path.join(self.work.name, f"{node}.ctl")

    def _start(self, node, kind):
        argv = [find_program("rig-agent"), "--control", self._control(node)]
        if kind == "phantom":
            argv = [find_program("phantom"), "--tap", self.plan.tap.get(node, ""), "--control",
                    self._control(node)]
            if "--offload" not in self.plan.phantoms[node]:
                argv += ["--offload", "off", "--gro", "off"]
            argv += self.plan.phantoms[node]
        process = Node(self.session, node).run(*argv, name=f"dev-{node}")
        self.programs[node] = process
        lab_agent.wait_for(self._control(node), lambda: self._ended(node))

    def _ended(self, node):
        """A sentence when a device's program has ended, else ""."""
        process = self.programs[node]
        if os.path.exists(f"/proc/{process.pid}") and not _zombie(process.pid):
            return ""
        status = process.wait(10)
        said = process.errors().strip().splitlines()
        how = f"was ended by {_signal(status - 128)}" if status > 128 else f"ended with status {status}"
        return f"{self.spec['devices'][node]} at {node} {how}" + (f": {said[-1]}" if said else "")

    def device_ended(self):
        """A sentence when one of the devices' programs is gone, else "". Its socket is closed a moment before
        the kernel calls it a zombie."""
        until = time.monotonic() + GONE_S
        while True:
            for node in self.programs:
                said = self._ended(node)
                if said:
                    return said
            if time.monotonic() > until:
                return ""
            time.sleep(SAMPLE_S)

    def _senders(self):
        """Nodes that send data, each once: a capture at theirs shows retransmissions and RTT."""
        out = {}
        for flow in self.spec["flows"]:
            node = flow["to"] if flow["kind"] in ("request", "web") else flow["from"]
            out.update(dict.fromkeys(node if isinstance(node, list) else [node]))
        return list(out)

    def _ends(self):
        """Nodes between which data flows."""
        out = dict.fromkeys(self._senders())
        for flow in self.spec["flows"]:
            for node in (flow["from"], flow["to"]):
                out.update(dict.fromkeys(node if isinstance(node, list) else [node]))
        return list(out)

    def _capture(self, device):
        if device not in self.captures:
            directory = self.out if self.opts.capture else self.work.name
            self.captures[device] = os.path.join(directory, f"{device}.pcapng")
            self.session.do(f"capture {device} {quote(self.captures[device])}")

    # ---- running -----------------------------------------------------------------------------

    def run(self):
        self.flows = lab_traffic.flows(self.clock, self.agents, self.topo.addresses, self.spec["flows"],
                                       self.spec["seed"])
        for flow in self.flows:
            flow.open()
        self.epoch = time.time() - time.monotonic()
        self.clock.begin()
        for flow in self.flows:
            flow.run()
        settled = False
        while self.clock.now() < self.spec["duration"]:
            if not settled and self.clock.now() >= self.settle:
                self._note("settle")
                settled = True
            self._sample()
            for node in self.programs:
                if not os.path.exists(f"/proc/{self.programs[node].pid}"):
                    raise lab_agent.DeviceError(self._ended(node))
            self.clock.over.wait(min(SAMPLE_S, max(0, self.spec["duration"] - self.clock.now())))
        self._note("end")
        self._sample()
        self.clock.over.set()

    def _note(self, when):
        """What is counted since the start, at the two ends of what is measured."""
        self.counters[when] = {
            "t": self.clock.now(),
            "links": {name: self._stats(name) for name in self.spec.get("watch") or []
                      if self.plan.impaired(name)},
            "nodes": {node: {name: self.agents[node].counter(name) for name in lab_measure.COUNTERS}
                      for node in self._senders()}}

    def _stats(self, name):
        """Of a watched direction."""
        device, way = self.plan.where(name)
        return self.session.do(f"link {device} stats short")[way]

    def _sample(self):
        now = self.clock.now()
        for name in self.spec.get("watch") or []:
            if self.plan.impaired(name):
                stats = self._stats(name)
                if stats.get("queue", True):  # netem tells the depth of what stands behind it, not its own
                    self.samples.queue(now, name, stats)
        senders = [(flow, number, agent, fd) for flow in self.flows
                   for number, (agent, fd) in enumerate(list(flow.senders))]
        for flow, number, agent, fd in self.samples.turn(senders, SAMPLED_MAX):
            info = agent.info(fd)
            if info:
                self.samples.state(self.clock.now(), flow.name, number, info)

    # ---- the result ----------------------------------------------------------------------------

    def result(self):
        for path in self.captures.values():
            self.session.do(f"capture stop {quote(path)}")
        verdict, reason = "pass", ""
        cannot = [flow.cannot for flow in self.flows if flow.cannot]
        errors = [error for flow in self.flows for error in flow.errors]
        if cannot:
            verdict, reason = "error", cannot[0]
        elif errors:
            verdict, reason = "fail", errors[0]
        out = lab_measure.result(self, verdict, reason)
        if self.opts.series:
            lab_measure.write_series(self, os.path.join(self.out, "series.jsonl"))
        return out

    @property
    def zero(self):
        """The point's beginning as captures count time."""
        return self.epoch + self.clock.zero

    def segments(self, device, ends=False):
        """(segment, (flow, connection, whether data, retransmitted), flows) of a capture: of flows whose
        data the device's node sends, or which end there."""
        node = device.partition(".")[0]
        ports = {}
        for flow in self.flows:
            nodes = self.data_nodes(flow)
            if ends:
                nodes = [*nodes, flow.spec["to"], flow.spec["from"]]
            if node in nodes:
                ports[flow.port] = (flow.name, flow.kind in ("request", "web", "incast"))
        flows = lab_capture.Flows(ports, self.settle)
        for seg in lab_capture.segments(self.captures[device], self.zero):
            found = flows.take(seg)
            if found:
                yield seg, found, flows
        yield None, None, flows

    @staticmethod
    def data_nodes(flow):
        node = flow.spec["to"] if flow.kind in ("request", "web") else flow.spec["from"]
        return node if isinstance(node, list) else [node]


def _signal(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def probe(engine):
    """CannotRun, with what to do, where this machine has no world or no netem."""
    session = Session()
    try:
        session.do("node probe")
        if engine == "netem":
            session.do("bridge probe-br")
            session.do("veth probe.e0 probe-br")
            try:
                session.do("link probe.e0 delay 1ms backend netem")
            except RigError as error:
                raise CannotRun(str(error).partition(": ")[2] or str(error)) from None
    finally:
        session.close()


def run(spec, out, opts):
    """result.json's object; the machine's own troubles are raised."""
    wire = Wire(spec, out, opts)
    try:
        wire.build()
        wire.run()
        return wire.result()
    except lab_agent.DeviceError as error:
        ended = wire.device_ended()
        return {"format": 1, "verdict": "error", "reason": ended or str(error), "machine": bool(ended),
                "name": spec["name"], "point": spec["point"], "seed": spec["seed"], "flows": [], "links": []}
    finally:
        wire.close()


def main(argv):
    p = argparse.ArgumentParser(prog="rig lab (wire)")
    p.add_argument("--point", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--engine", choices=("wire", "netem"), required=True)
    p.add_argument("--series", action="store_true")
    p.add_argument("--capture", action="store_true")
    p.add_argument("--replay", metavar="DIR")
    opts = p.parse_args(argv)
    threading.excepthook = lambda args: None if args.exc_type is SystemExit else sys.__excepthook__(
        args.exc_type, args.exc_value, args.exc_traceback)
    try:
        with open(opts.point, encoding="utf-8") as file:
            spec = json.load(file)
        os.makedirs(opts.out, exist_ok=True)
        result = run(spec, opts.out, opts)
    except (BadPoint, RigError, AssertionError) as error:
        print(error, file=sys.stderr)
        return BAD
    except CannotRun as error:
        print(error, file=sys.stderr)
        return CANNOT
    lab_store.write(os.path.join(opts.out, "result.json"), json.dumps(result, indent=1) + "\n")
    return OK if result["verdict"] == "pass" else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
