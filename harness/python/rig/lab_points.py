# SPDX-License-Identifier: BSD-2-Clause
"""The points of a lab: every combination of its factors, in the order of the file, the last factor
the quickest and the seed quicker still, each resolved to a POINT (docs/lab-format.md) in which
nothing is left to be decided. Called by lab.py.
"""

import hashlib
import itertools
import json
import os
import re
import subprocess
from dataclasses import dataclass, field

from . import lab_read, lab_store, lab_topo, lab_values
from .lab_values import BadValue

POINTS_MAX = 100000
FLOWS_MAX = 10000
DEVICES = ("phantom", "linux")

# Factors that are words of a link line; other words of it are written with braces.
LINK_WORDS = ("delay", "jitter", "loss", "reorder", "dup", "duplicate", "corrupt", "rate", "queue",
              "ecn", "gap", "slot", "distribution", "trace", "mtu", "pattern")
FILE_WORDS = ("trace", "pattern", "replay", "distribution")
# Factors with a meaning of their own.
MEANING = ("device", "congestion", "family", "rtt", "buffer")
FAMILIES = ("ipv4", "ipv6")
SYSCTL_OF_CC = "net.ipv4.tcp_congestion_control"


@dataclass
class Point:
    """One row to be: its number, what it differs in, and its POINT; why it cannot run here, or ""."""

    number: int
    factors: dict
    spec: dict
    skip: str = ""
    key: str = ""
    tables: dict = field(default_factory=dict)  # of flows: the number of their [[traffic]]

    @property
    def label(self):
        return " ".join(f"{name}={lab_values.words(value)}" for name, value in self.factors.items())


def canonical(spec):
    """A POINT as the one text it has: what is hashed and what is written."""
    return json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def key_of(spec, engine, version, files=None):
    """Names a point by what decides its run: not by its number, nor by the lab's name, and by what is in
    files of the links, not by where they are."""
    decides = {name: value for name, value in spec.items() if name not in ("name", "point")}
    for path, digest in (files or {}).items():
        decides["topology"] = [line.replace(path, digest) for line in decides["topology"]]
    text = "\0".join((canonical(decides), engine, version))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


# ---- combinations --------------------------------------------------------------------------------

def _matches(rule, chosen):
    return all(chosen[key] in value if isinstance(value, list) else chosen[key] == value
               for key, value in rule.items())


def combinations(lab):
    """The factors of each point, as dicts with "seed" last."""
    names = [*lab.factors, "seed"]
    lists = [*lab.factors.values(), lab_read.seeds(lab)]
    total = 1
    for values in lists:
        total *= len(values)
    if total > POINTS_MAX:
        raise lab.error(["factors"], f"{total} points; at most {POINTS_MAX}")
    out = []
    for values in itertools.product(*lists):
        chosen = dict(zip(names, values))
        if any(_matches(rule, chosen) for rule in lab.exclude):
            continue
        if lab.keep and not any(_matches(rule, chosen) for rule in lab.keep):
            continue
        out.append(chosen)
    if not out:
        raise lab.error(["keep", 0] if lab.keep else ["exclude", 0], "the rules leave no point")
    return out


# ---- one point -----------------------------------------------------------------------------------

class Resolver:
    """Resolves points; remembers which factors were used."""

    def __init__(self, lab, engine):
        self.lab, self.engine = lab, engine
        self.used = {"device", "congestion", "seed"}
        self.topologies, self.files = {}, {}

    def fill(self, at, value, names):
        try:
            return lab_values.fill(value, names, self.used)
        except BadValue as error:
            raise self.lab.error(at, str(error)) from None

    def read(self, at, how, value):
        try:
            return how(value)
        except BadValue as error:
            raise self.lab.error(at, f"{at[-1]}: {error}") from None

    def point(self, number, chosen):
        lab, names = self.lab, {**self.lab.fixed, **chosen}
        get = lambda key, how, default: self.read(
            ["lab", key], how, self.fill(["lab", key], lab.lab.get(key, default), names))
        duration, settle = get("duration", lab_values.seconds, None), get("settle", lab_values.seconds, 0)
        if not 0 < duration <= 86400:
            raise lab.error(["lab", "duration"], "duration must be above 0 and at most a day")
        if settle >= duration:
            raise lab.error(["lab", "settle"], f"settle ({settle:g} s) must be below duration "
                            f"({duration:g} s)")
        topo = self.topology(names)
        devices = self.devices(topo, names)
        spec = {"format": 1, "name": lab.lab["name"], "point": number, "seed": chosen["seed"],
                "duration": duration, "settle": settle,
                "topology": topo.lines + self.links(topo, names), "devices": devices,
                "sysctls": self.sysctls(topo, names), "flows": self.flows(topo, names),
                "watch": self.watch(topo, names)}
        if "events" in lab.lab:
            spec["events"] = get("events", lab_values.count, None)
        skip = ""
        if self.engine == "virtual" and "linux" in devices.values():
            skip = "the kernel is no part of virtual time: --engine wire"
        return Point(number, chosen, spec, skip, "", self.tables)

    # ---- topology ------------------------------------------------------------------------------

    def topology(self, names):
        """The topology without the factors' words; made once for equal sizes."""
        table, base = self.lab.topology, os.path.dirname(os.path.abspath(self.lab.path))
        at = ["topology", "name" if "name" in table else "file" if "file" in table else "lines"]
        try:
            if "name" in table:
                key = lab_topo.NAMED[table["name"]][1]
                number = table.get(key) if key else None
                if number is not None:
                    at = ["topology", key]
                    number = self.read(at, lab_values.count, self.fill(at, number, names))
                six = "family" in names or any("family" in flow for flow in self.lab.traffic)
                return self.kept((table["name"], number, six),
                                 lambda: lab_topo.named(table["name"], number, six))
            if "file" in table:
                values = self.fill(["topology", "set"], table.get("set", {}), names)
                return self.kept(str(values), lambda: lab_topo.Topology(
                    lab_topo.flatten(table["file"], values, base)))
            lines = self.fill(at, table["lines"], names)
            return self.kept(tuple(lines), lambda: lab_topo.Topology(lines))
        except (lab_topo.BadTopology, ValueError) as error:
            raise self.lab.error(at, str(error)) from None

    def kept(self, key, make):
        if key not in self.topologies:
            self.topologies[key] = make()
        return self.topologies[key]

    def links(self, topo, names):
        """The link lines: those of the file, then the factors' own words for the one link."""
        lab, out = self.lab, []
        for line in lab.topology.get("links", []):
            words = self.fill(["topology", "links"], line, names)
            out.append("link " + self.device(["topology", "links"], topo.link_words, words))
        for name in names:
            if name in LINK_WORDS or name in ("rtt", "buffer"):
                out += self.link_factor(topo, name, names)
        return [self.absolute(line) for line in _joined(out)]

    def absolute(self, line):
        """Files that a link's words name are looked for beside the lab file."""
        words, base = line.split(), os.path.dirname(os.path.abspath(self.lab.path))
        for at, word in enumerate(words[:-1]):
            path = os.path.join(base, words[at + 1])
            if word in FILE_WORDS and os.path.isfile(path):
                words[at + 1] = path
                if path not in self.files:
                    self.files[path] = lab_store.sha256(path)
        return " ".join(words)

    def device(self, at, function, text):
        try:
            return function(text)
        except lab_topo.BadTopology as error:
            raise self.lab.error(at, str(error)) from None

    def link_factor(self, topo, name, names):
        """What a factor adds to the link, unless the file has put it somewhere in braces."""
        if name in self.placed():
            return []
        self.used.add(name)
        where = self.lab.topology.get("link", topo.default)
        at = ["factors" if name in self.lab.factors else "fixed", name]
        if where is None:
            raise self.lab.error(at, f"{name} has no link to go to: give [topology] a link, as in "
                                 f"link = \"{(topo.devices or ['a.e0'])[0]} in\"")
        device, _, way = self.device(["topology", "link"], topo.link_words, where).partition(" ")
        if way not in ("", "in", "out"):
            raise self.lab.error(["topology", "link"], f"link = \"{where}\": after the name only in "
                                 f"or out can stand; other words belong to links")
        way = way + " " if way else ""
        if name == "rtt":
            return [f"link {device} delay {self.fill(at, '{rtt/2}', names)}"]
        if name == "buffer":
            return [f"link {device} {way}{self.buffer(at, names)}"]
        return [f"link {device} {way}{name} {lab_values.words(names[name])}"]

    def buffer(self, at, names):
        """A buffer in frames: a count, a size, or as a multiple of the path's bandwidth-delay product.
        netem's limit counts the frames in delay too, so there they come on top."""
        frames = int(self.frames(at, names))
        if self.engine != "netem":
            return f"queue droptail {frames} packets"
        if "rate" in names and "rtt" in names:
            frames += int(self.fill(at, "{packets(rate*rtt/2)}", names))
        return f"queue {frames}"

    def frames(self, at, names):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*bdp", str(names["buffer"]))
        if match:
            for needed in ("rate", "rtt"):
                if needed not in names:
                    raise self.lab.error(at, f"buffer = \"{names['buffer']}\" needs {needed} in "
                                         f"[factors] or [fixed]")
            return self.fill(at, "{packets(%s * rate * rtt)}" % match[1], names)
        q = lab_values.read(names["buffer"])
        if q and q.dim == lab_values.SIZE:
            return self.fill(at, "{packets(buffer)}", names)
        return self.read(at, lab_values.count, names["buffer"])

    def placed(self):
        """Factors that the file's own link lines and topology speak of."""
        if not hasattr(self, "_placed"):
            table = self.lab.topology
            text = " ".join([*table.get("links", []), *table.get("lines", [])])
            self._placed = {name for braces in re.findall(r"\{([^{}]*)\}", text)
                            for name in re.findall(r"[A-Za-z_]\w*", braces)}
        return self._placed

    def watch(self, topo, names):
        """Directions whose queue is recorded: those asked for, or the factors' link."""
        table, at = self.lab.measures, ["measures", "watch"]
        asked = table.get("watch")
        if asked is None:
            where = self.lab.topology.get("link", topo.default)
            if where is None and self.lab.topology.get("links"):
                where = self.lab.topology["links"][0].split()[0]
            if where is None:
                return []
            at, asked = ["topology", "link"], [where if len(where.split()) > 1 else where + " in"]
        out = []
        for one in asked:
            words = self.device(at, topo.link_words, self.fill(at, str(one), names)).split()
            if len(words) != 2 or words[1] not in ("in", "out"):
                raise self.lab.error(at, f"watch has directions of links, as in \"neck in\", not {one!r}")
            out.append(" ".join(words))
        return out

    # ---- nodes ---------------------------------------------------------------------------------

    def devices(self, topo, names):
        default = names.get("device", "phantom")
        out = {node: default for node in topo.ends}
        where = {node: ["factors", "device"] for node in out}
        for node, value in self.lab.devices.items():
            if node not in out:
                raise self.lab.error(["devices", node], f"there is no host {node}; there are "
                                     f"{', '.join(out)}")
            out[node] = self.fill(["devices", node], value, names)
            where[node] = ["devices", node]
        for node, value in out.items():
            if value not in DEVICES:
                raise self.lab.error(where[node], f"there is no device {value}; there are "
                                     f"{' and '.join(DEVICES)}")
        return out

    def sysctls(self, topo, names):
        """By host. Factors with a dot in their name and scalars of [sysctls] are for every host."""
        everyone = {}
        for name, value in names.items():
            if "." in name:
                everyone[name] = value
                self.used.add(name)
        if "congestion" in names:
            everyone[SYSCTL_OF_CC] = names["congestion"]
        out = {node: {} for node in topo.ends}
        for name, value in self.lab.sysctls.items():
            if not isinstance(value, dict):
                everyone.setdefault(name, self.fill(["sysctls", name], value, names))
            elif name not in out:
                raise self.lab.error(["sysctls", name], f"there is no host {name}; there are "
                                     f"{', '.join(out)}")
        for node, own in out.items():
            own.update({name: _sysctl(value) for name, value in everyone.items()})
            for name, value in self.lab.sysctls.get(node, {}).items():
                own[name] = _sysctl(self.fill(["sysctls", node, name], value, names))
        return out

    # ---- traffic -------------------------------------------------------------------------------

    def flows(self, topo, names):
        out, self.tables = [], {}
        for i, table in enumerate(self.lab.traffic):
            at = ["traffic", i]
            each = self.read([*at, "each"], lab_values.count,
                             self.fill([*at, "each"], table.get("each", 1), names))
            if len(out) + each > FLOWS_MAX:
                raise self.lab.error([*at, "each"], f"more than {FLOWS_MAX} flows")
            for number in range(1, each + 1):
                out.append(self.flow(topo, i, table, {**names, "i": number}, len(out) + 1,
                                     "each" in table))
                self.tables[out[-1]["name"]] = i
        seen = set()
        for flow in out:
            if flow["name"] in seen:
                raise self.lab.error(["traffic"], f"two flows are called {flow['name']}")
            seen.add(flow["name"])
        return out

    def flow(self, topo, i, table, names, number, many):
        at, kind = ["traffic", i], table["kind"]
        name = table.get("name", f"f{number}")
        if many and "name" in table and "{i}" not in name:
            name += "{i}"
        flow = {"name": self.fill([*at, "name"], name, names), "kind": kind}
        if not re.fullmatch(r"[\w-]+", flow["name"]):
            raise self.lab.error([*at, "name"], f"{flow['name']!r} is not a flow's name; use letters, "
                                 f"digits, - and _")
        addresses = topo.addresses(self.family([*at, "family"], flow, table, names))
        for key in ("from", "to"):
            flow[key] = self.node([*at, key], topo, addresses, self.fill([*at, key], table[key], names),
                                  kind == "incast" and key == "from")
        if flow["from"] == flow["to"] or flow["to"] in flow["from"] and kind == "incast":
            raise self.lab.error([*at, "to"], f"{flow['name']} goes from {flow['to']} to itself")
        for key, value in table.items():
            if key not in ("name", "kind", "from", "to", "each", "family"):
                flow[key] = self.flow_value([*at, key], kind, key, self.fill([*at, key], value, names))
        return flow

    def family(self, at, flow, table, names):
        """The flow's own, or the factor's; a flow of which nothing is said has IPv4."""
        if "family" in names:
            self.used.add("family")
        if "family" not in names and "family" not in table:
            return "ipv4"
        flow["family"] = self.fill(at, table.get("family", "{family}"), names)
        if flow["family"] not in FAMILIES:
            at = at if "family" in table else [
                "factors" if "family" in self.lab.factors else "fixed", "family"]
            raise self.lab.error(at, f"there is no family {flow['family']!r}; write ipv4 or ipv6")
        return flow["family"]

    def node(self, at, topo, addresses, value, many):
        """A host of the topology; of incast a list, in which a* stands for all that begin so."""
        if many:
            asked = value if isinstance(value, list) else [value]
            found = []
            for one in asked:
                here = [n for n in topo.ends if n.startswith(str(one)[:-1])] if str(one).endswith("*") else []
                found += here or [self.node(at, topo, addresses, one, False)]
            return found
        if value not in topo.ends:
            raise self.lab.error(at, f"there is no host {value}; there are {', '.join(topo.ends)}")
        if value not in addresses:
            family, like = ("6", "fd00::1/64") if addresses is topo.address6 else ("4", "10.0.0.1/24")
            raise self.lab.error(at, f"{value} has no IPv{family} address; write one, as "
                                 f"addr {value}.DEV {like}")
        return value

    def flow_value(self, at, kind, key, value):
        if key in TIMES:
            return self.draw(at, lab_values.seconds, value)
        if key in SIZES or (kind, key) in (("request", "request"), ("request", "response"),
                                           ("web", "request"), ("incast", "request")):
            return self.draw(at, lab_values.size, value)
        if key in ("copies", "count", "connections"):
            return self.read(at, lab_values.count, value)
        if key == "objects":
            return self.draw(at, lab_values.count, value)
        if key == "rate":
            return self.read(at, _rate, value)
        if key == "options":
            return {name: one if isinstance(one, bool) else self.read(at, lab_values.size, one)
                    for name, one in value.items()}
        return value  # congestion, reconnect

    def draw(self, at, how, value):
        """A number, or a distribution whose numbers may have units too."""
        if not isinstance(value, dict):
            return self.read(at, how, value)
        out = {}
        for name, one in value.items():
            if name in ("dist", "shape", "sigma"):
                out[name] = one
            elif name == "values" and isinstance(one, list):
                out[name] = [self.read(at, how, v) for v in one]
            elif name == "mean" and how is lab_values.count:
                out[name] = one
            elif name in ("min", "max", "mean", "median"):
                out[name] = self.read(at, how, one)
            else:
                raise self.lab.error(at, f"a distribution knows no {name}; see docs/lab-format.md")
        return out


def _joined(lines):
    """One line a device: what is for both directions first, then `in`, then `out`."""
    devices = {}
    for line in lines:
        words, way = line.split(), "both"
        sides = devices.setdefault(words[1], {"both": [], "in": [], "out": []})
        for word in words[2:]:
            if word in sides:
                way = word
            else:
                sides[way].append(word)
    out = []
    for device, sides in devices.items():
        words = ["link", device, *sides["both"]]
        for way in ("in", "out"):
            words += [way, *sides[way]] if sides[way] else []
        if len(words) > 2:
            out.append(" ".join(words))
    return out


TIMES = ("start", "stop", "spread", "think", "on", "off", "gap")
SIZES = ("bytes", "size")


def _rate(value):
    q = lab_values.read(value)
    if q is None or q.dim not in (lab_values.RATE, lab_values.PLAIN) or q.share or q.value <= 0:
        raise BadValue(f"{value!r} is not a rate, as in 10mbit")
    return float(q.value)


def _sysctl(value):
    if isinstance(value, bool):
        return int(value)
    return value


def points(lab, engine, version):
    """All points, keyed; LabError for the first thing that is wrong in any."""
    resolver, out = Resolver(lab, engine), []
    for number, chosen in enumerate(combinations(lab)):
        point = resolver.point(number, chosen)
        point.key = key_of(point.spec, engine, version, resolver.files)
        out.append(point)
    for table in ("factors", "fixed"):
        for name in getattr(lab, table):
            if name not in resolver.used:
                raise lab.error([table, name], f"{name} is used nowhere: write {{{name}}} where it "
                                f"belongs; by themselves only these have a meaning: "
                                f"{', '.join(MEANING + LINK_WORDS)}, and sysctls")
    return out


# ---- what the simulator says of them -------------------------------------------------------------

def check(lab, found, program):
    """Has every point read and built by the simulator before any is run: what is no link's word, say, is
    refused with the line it comes from. Points that the kernel runs are read as if phantom did."""
    lines = []
    for point in found:
        spec = point.spec
        if "linux" in spec["devices"].values():
            spec = {**spec, "devices": dict.fromkeys(spec["devices"], "phantom"), "sysctls": {},
                    "flows": [{**flow, "congestion": None} for flow in spec["flows"]]}
        lines.append(canonical(spec))
    said = subprocess.run([program, "sim", "--point", "-", "--check"], input="\n".join(lines) + "\n",
                          capture_output=True, text=True, check=False)
    if said.returncode == 0:
        return
    sentence = said.stderr.strip().removeprefix("rig sim: ")
    number, _, why = sentence.partition(": ")
    if not number.isdigit():
        raise lab.error([], sentence or f"rig sim --check ended with status {said.returncode}")
    point = found[int(number) - 1]
    at, where = _origin(lab, point, why)
    raise lab.error(at, f"point {point.number} ({point.label}): {where}{why}")


def _origin(lab, point, why):
    """The key of the file that a sentence about a POINT's key speaks of, and words that say which."""
    match = re.match(r"(topology|flows)\[(\d+)\]", why)
    flow = re.match(r"flow ([\w-]+): (\w+)", why)
    if flow and flow[1] in point.tables:
        return ["traffic", point.tables[flow[1]], flow[2]], ""
    if not match:
        for table in ("factors", "fixed", "sysctls"):
            for name in lab.tables.get(table, {}):
                if "." in name and name in why or name == "congestion" and SYSCTL_OF_CC in why:
                    return [table, name], ""
        table = why.partition(":")[0].partition(".")[0]
        return [table if table in lab.tables else "lab"], ""
    number = int(match[2])
    if match[1] == "flows":
        name = point.spec["flows"][number]["name"]
        key = re.match(r"flows\[\d+\]\.(\w+)", why)
        return ["traffic", point.tables[name], *key.groups()] if key else \
            ["traffic", point.tables[name]], f"{name}: "
    line = point.spec["topology"][number]
    if line.startswith("link ") and not lab.topology.get("links"):
        for table in ("factors", "fixed"):
            for name in getattr(lab, table):
                values = str(point.factors.get(name, lab.fixed.get(name))).split()
                if name in LINK_WORDS and f" {name} " in line and any(v in why for v in (name, *values)):
                    return [table, name], f"{line}: "
    return ["topology", "links" if line.startswith("link ") else "lines"], f"{line}: "
