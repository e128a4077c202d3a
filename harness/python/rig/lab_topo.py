# SPDX-License-Identifier: BSD-2-Clause
"""The topologies that a lab file can name, as lines of the topology language, and what the lab must
know of any topology: its nodes, routers, devices and cables. Called by lab_points.py.

    pair          a ── b                       link `wire`: data from a to b goes in
    dumbbell      s1..sN ═ left ── right ═ r1..rN     link `neck`
    parking-lot   a, b over x0 ── x1 ... xH; c1 -> d1 over hop 1 ...    links `hop1`..`hopH`
    incast        s1..sN ═ switch ── r         link `port`

A link's name stands for the device at its far end, so that `in` is the way the data goes.
"""

import os
import shlex
from dataclasses import dataclass, field

from .net import quote

NODES_MAX = 200  # of a named topology


class BadTopology(Exception):
    """A topology that cannot be; the text is a sentence without the place."""


@dataclass
class Topology:
    """Lines, and the names of links that stand for devices."""

    lines: list
    links: dict = field(default_factory=dict)
    default: str = None  # the link that factors speak of when the file names none

    def __post_init__(self):
        self.nodes, self.devices, self.cables = [], [], {}
        self.address, self.address6 = {}, {}  # each node's first, by family
        self.routers, self.seconds = set(), set()
        for line in self.lines:
            self._note(shlex.split(line, comments=True))

    def _note(self, word):
        if not word:
            return
        verb, at = word[0], word[1] if len(word) > 1 else ""
        if verb == "node":
            self.nodes.append(at)
        elif verb == "forward" and word[2:] == ["on"]:
            self.routers.add(at)
        elif verb in ("veth", "tap"):
            self.devices.append(at)
            if len(word) > 2 and "." in word[2]:
                self.devices.append(word[2])
                self.cables[at], self.cables[word[2]] = word[2], at
                self.seconds.add(word[2])
        elif verb == "addr":
            for address in word[2:]:
                of = self.address6 if ":" in address else self.address
                of.setdefault(at.partition(".")[0], address.partition("/")[0])

    def addresses(self, family):
        return self.address6 if family == "ipv6" else self.address

    @property
    def ends(self):
        return [name for name in self.nodes if name not in self.routers]

    def device_of(self, link):
        """NODE.DEV of a link's name or of itself; BadTopology with what there is."""
        if link in self.links:
            return self.links[link]
        if link in self.devices:
            return link
        raise BadTopology(f"there is no link {link}; there are "
                          f"{', '.join([*self.links, *self.devices]) or 'none'}")

    def link_words(self, text):
        """A `link` line's words with the device for the name: what stands behind `link `. A cable's link
        goes by the end that its veth line names first; by the other, in and out are the other way."""
        name, _, rest = text.strip().partition(" ")
        device = self.device_of(name)
        if device in self.seconds:
            device, turned = self.cables[device], {"in": "out", "out": "in"}
            words = rest.split()
            rest = " ".join(turned.get(word, word) for word in words)
        return f"{device} {rest}".strip()


def _host(lines, node, router, port, net):
    """A host on a cable of its own to a router: 10.NET.0/24, the router .1, the host .2."""
    lines += [f"node {node}", f"veth {node}.e0 {router}.{port}", f"addr {node}.e0 10.{net}.2/24",
              f"addr {router}.{port} 10.{net}.1/24", f"route {node} default via 10.{net}.1"]


def pair():
    return Topology(["node a", "node b", "veth b.e0 a.e0", "addr a.e0 10.0.0.1/24",
                     "addr b.e0 10.0.0.2/24"], {"wire": "b.e0"}, "wire")


def dumbbell(pairs):
    lines = ["node left", "node right", "forward left on", "forward right on",
             "veth right.neck left.neck", "addr left.neck 10.0.0.1/30", "addr right.neck 10.0.0.2/30",
             "route left default via 10.0.0.2", "route right default via 10.0.0.1"]
    for i in range(1, pairs + 1):
        _host(lines, f"s{i}", "left", f"p{i}", f"1.{i}")
        _host(lines, f"r{i}", "right", f"p{i}", f"2.{i}")
    return Topology(lines, {"neck": "right.neck"}, "neck")


def parking_lot(hops):
    """Routers x0..xH in a row; a at x0 and b at xH; for each hop i a host ci before and di behind."""
    lines, nets = [], {}
    for i in range(hops + 1):
        lines += [f"node x{i}", f"forward x{i} on"]
    for i in range(1, hops + 1):
        lines += [f"veth x{i}.up x{i - 1}.down", f"addr x{i - 1}.down 10.0.{i}.1/30",
                  f"addr x{i}.up 10.0.{i}.2/30"]
    hosts = [("a", 0, "1.1"), ("b", hops, "1.2")]
    for i in range(1, hops + 1):
        hosts += [(f"c{i}", i - 1, f"2.{i}"), (f"d{i}", i, f"3.{i}")]
    for name, at, net in hosts:
        _host(lines, name, f"x{at}", f"to-{name}", net)
        nets[net] = at
    for i in range(hops + 1):
        for net, at in nets.items():
            if at != i:
                via = f"10.0.{i + 1}.2" if at > i else f"10.0.{i}.1"
                lines.append(f"route x{i} 10.{net}.0/24 via {via}")
    return Topology(lines, {f"hop{i}": f"x{i}.up" for i in range(1, hops + 1)}, "hop1")


def incast(senders):
    lines = ["bridge switch", "node r", "veth r.e0 switch", "addr r.e0 10.0.0.1/24"]
    for i in range(1, senders + 1):
        lines += [f"node s{i}", f"veth s{i}.e0 switch", f"addr s{i}.e0 10.0.0.{i + 1}/24"]
    return Topology(lines, {"port": "r.e0"}, "port")


def _six(text):
    """10.A.B.C as fd00:10:A:B::C; a network with it, which are /64 then."""
    address, _, length = text.partition("/")
    _, a, b, c = address.split(".")
    return f"fd00:10:{a}:{b}::{c if c != '0' or not length else ''}" + ("/64" if length else "")


def dual(topo):
    """The same with IPv6 beside IPv4."""
    lines = []
    for line in topo.lines:
        lines.append(line)
        words = line.split()
        if words[0] == "addr":
            lines.append(" ".join([*words[:2], *map(_six, words[2:])]))
        elif words[0] == "route":
            to = words[2] if words[2] == "default" else _six(words[2])
            lines.append(f"route {words[1]} {to} via {_six(words[4])}")
    return Topology(lines, topo.links, topo.default)


# name: (function, the key that sizes it, what that is when left out)
NAMED = {
    "pair": (pair, None, None),
    "dumbbell": (dumbbell, "pairs", 2),
    "parking-lot": (parking_lot, "hops", 2),
    "incast": (incast, "senders", 4),
}


def named(name, number=None, six=False):
    topo = _named(name, number)
    return dual(topo) if six else topo


def _named(name, number):
    function, key, default = NAMED[name]
    if key is None:
        return function()
    number = default if number is None else number
    if number > NODES_MAX // 2:
        raise BadTopology(f"{key} = {number}: at most {NODES_MAX // 2}")
    return function(number)


# ---- files of the topology language --------------------------------------------------------------

def _place(path, asked, base):
    here = os.path.dirname(os.path.abspath(path)) if path else base
    shipped = os.path.join(os.path.dirname(__file__), "../../../netns/topologies")
    for candidate in (os.path.join(here, asked), os.path.join(shipped, asked),
                      os.path.join(shipped, asked + ".topo")):
        if os.path.isfile(candidate):
            return candidate
    raise BadTopology(f"there is no topology file {asked}, neither in {here} nor among rig's")


def flatten(asked, values, base, depth=0):
    """The lines of a .topo file with $NAME, set, if ... else ... end and include carried out."""
    if depth > 8:
        raise BadTopology(f"{asked}: files that include each other more than 8 deep")
    path = _place(None, asked, base)
    out, stack = [], []
    with open(path, encoding="utf-8") as file:
        for number, raw in enumerate(file, 1):
            words = _variables(shlex.split(raw, comments=True), values)
            if not words:
                continue
            if words[0] == "if":
                stack.append(_holds(words, asked, number))
            elif words[0] in ("else", "end") and not stack:
                raise BadTopology(f"{asked}, line {number}: {words[0]} without an if before it")
            elif words[0] == "else":
                stack[-1] = not stack[-1]
            elif words[0] == "end":
                stack.pop()
            elif not all(stack):
                continue
            elif words[0] == "set" and len(words) == 2:
                name, _, value = words[1].partition("=")
                values = {**values, name: value}
            elif words[0] == "include" and len(words) == 2:
                out += flatten(words[1], values, os.path.dirname(path), depth + 1)
            else:
                out.append(" ".join(quote(word) for word in words))
    if stack:
        raise BadTopology(f"{asked}: an if without its end")
    return out


def _variables(words, values):
    out = []
    for word in words:
        if word.startswith("$"):
            word = str(values.get(word[1:], ""))
        out.append(word)
    return out


def _holds(words, name, number):
    if len(words) != 4 or words[2] not in ("==", "!="):
        raise BadTopology(f"{name}, line {number}: write if LEFT == RIGHT, or if LEFT != RIGHT")
    return (words[1] == words[3]) == (words[2] == "==")
