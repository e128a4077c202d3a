# SPDX-License-Identifier: BSD-2-Clause
"""The measures of a point that ran on a wire, under the names of docs/lab-format.md: from what the flows
read, from captures at the senders, from struct tcp_info and the links looked at now and then.
Called by lab_wire.py.
"""

import json
import math
import socket

from . import lab_capture, lab_values

COUNTERS = ("TcpExtTCPTimeouts", "TcpExtTCPSackRecovery", "TcpExtTCPRenoRecovery")
LIST_MAX = 10000
NOT_YET = (2, 3, 7, 10)  # SYN-SENT, SYN-RECEIVED, CLOSED, LISTEN
NO_SSTHRESH = 0x7FFFFFFF
FAIR, STEP_S, WINDOW_S, STAYS_S = 0.9, 0.1, 1.0, 5.0


class Samples:
    """What was seen of queues and connections, each with its time."""

    def __init__(self, settle):
        self.settle = settle
        self.queues, self.states = {}, {}
        self._turn = 0

    def turn(self, things, most):
        """At most so many of them, the next ones the next time."""
        if len(things) <= most:
            return things
        start = self._turn % len(things)
        self._turn += most
        return (things[start:] + things[:start])[:most]

    def queue(self, t, name, stats):
        self.queues.setdefault(name, []).append((t, stats["queued_packets"], stats["queued_bytes"]))

    def state(self, t, flow, number, info):
        if info["state"] in NOT_YET or "snd_cwnd" not in info:
            return
        self.states.setdefault(flow, []).append((t, number, info))


# ---- flows ---------------------------------------------------------------------------------------

def _rank(values, share):
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _goodput(flow, settle, end):
    begin, last = max(settle, flow.start), min(end, flow.ended if flow.ended is not None else end)
    if last <= begin:
        return None
    return sum(n for t, n in flow.arrived if begin <= t <= last) * 8 / (last - begin)


def _cwnd(states, settle):
    seen = [info["snd_cwnd"] * info["snd_mss"] for t, _, info in states
            if t >= settle]
    return math.fsum(seen) / len(seen) if seen else None


def _episodes(wire, flow):
    """(timeouts, fast recoveries): counters of the sending node, if the flow has it for itself."""
    nodes = wire.data_nodes(flow)
    shared = any(other is not flow and set(wire.data_nodes(other)) & set(nodes) for other in wire.flows)
    if shared or not {"settle", "end"} <= wire.counters.keys():
        return None, None
    rise = {name: 0 for name in COUNTERS}
    for node in nodes:
        for name in COUNTERS:
            before, after = (wire.counters[when]["nodes"][node][name] for when in ("settle", "end"))
            if before is None or after is None:
                return None, None
            rise[name] += after - before
    return rise[COUNTERS[0]], rise[COUNTERS[1]] + rise[COUNTERS[2]]


def flow_result(wire, flow, figures):
    times = [took for _, took in sorted(flow.completions)]
    timeouts, recoveries = _episodes(wire, flow)
    out = {"name": flow.name, "kind": flow.kind, "bytes": sum(n for _, n in flow.arrived),
           "goodput_bps": _goodput(flow, wire.settle, wire.spec["duration"]),
           "transfers": len(times), "completion_s": times[:LIST_MAX],
           "completion_mean_s": math.fsum(times) / len(times) if times else None}
    for p in (50, 95, 99):
        out[f"completion_p{p}_s"] = _rank(times, p / 100) if times else None
    out.update(figures)
    out.update(cwnd_mean=_cwnd(wire.samples.states.get(flow.name, []), wire.settle), timeouts=timeouts,
               fast_recoveries=recoveries, connections=flow.connections, failed=flow.failed)
    return out


def jain(rates):
    if len(rates) < 2 or not any(rates):
        return None
    return sum(rates) ** 2 / (len(rates) * sum(rate * rate for rate in rates))


def converge(flows, duration):
    """Seconds from the last bulk flow's start until the index over windows is and stays fair."""
    bulk = [flow for flow in flows if flow.kind == "bulk"]
    if len(bulk) < 2:
        return None
    start = max(flow.start for flow in bulk)
    steps = int(duration / STEP_S)
    count = [[0] * (steps + 1) for _ in bulk]
    for row, flow in zip(count, bulk):
        for t, n in flow.arrived:
            row[min(steps, max(0, int(t / STEP_S)))] += n
    width, fair_since = int(WINDOW_S / STEP_S), None
    for step in range(int(start / STEP_S) + width, steps + 1):
        index = jain([sum(row[step - width:step]) for row in count])
        if index is None or index < FAIR:
            fair_since = None
        elif fair_since is None:
            fair_since = step * STEP_S
        if fair_since is not None and step * STEP_S - fair_since >= STAYS_S:
            return fair_since - start
    return None


# ---- links ---------------------------------------------------------------------------------------

def rate_of(spec, name):
    """The rate of a link's direction in the point's lines, or None."""
    device, way = name.split()
    rate = None
    for line in spec["topology"]:
        words = line.split()
        if words[:2] != ["link", device]:
            continue
        side = "both"
        for at, word in enumerate(words):
            side = word if word in ("in", "out", "both") else side
            if word == "rate" and side in ("both", way):
                rate = float(lab_values.read(words[at + 1]).value)
    return rate


def netem_drops(stats):
    """By reason, as far as the kernel tells: netem counts what the queue behind it dropped as well, and has
    one number for its losses and its limit."""
    behind, all_of_it = stats["queue_dropped"], stats["dropped"]
    return {"codel" if "codel" in stats["queue"] else "queue full": behind, "netem": all_of_it - behind}


def link_result(wire, name):
    stats = wire.counters.get("end", {}).get("links", {}).get(name)
    out = {"name": name, "frames": None, "bytes": None, "dropped": {}, "marked": None,
           "queue_mean_packets": None, "queue_p95_packets": None, "queue_max_packets": None,
           "queue_mean_s": None, "utilisation": None}
    if not stats:
        return out
    rate = rate_of(wire.spec, name)
    drops = stats["drops"] if "drops" in stats else netem_drops(stats)
    out.update(frames=stats.get("frames", stats["delivered"] + sum(drops.values())), bytes=stats["bytes"],
               dropped={why: n for why, n in drops.items() if n}, marked=stats.get("marked"))
    seen = [(packets, size) for t, packets, size in wire.samples.queues.get(name, []) if t >= wire.settle]
    if seen:
        packets = [one for one, _ in seen]
        out.update(queue_mean_packets=math.fsum(packets) / len(packets),
                   queue_p95_packets=_rank(packets, 0.95), queue_max_packets=max(packets))
        if rate:
            out["queue_mean_s"] = math.fsum(size for _, size in seen) / len(seen) * 8 / rate
    first = wire.counters.get("settle")
    if rate and first:
        before, span = first["links"][name], wire.counters["end"]["t"] - first["t"]
        share = stats["delivered"] / max(1, stats.get("frames", stats["delivered"]))
        out["utilisation"] = (stats["bytes"] - before["bytes"]) * share * 8 / rate / span
    return out


def result(wire, verdict, reason):
    figures = {}
    for device in wire.captures:
        flows = None
        for _, _, flows in wire.segments(device):
            pass
        for flow in wire.flows:
            if device.partition(".")[0] in wire.data_nodes(flow):
                figures.setdefault(flow.name, []).append(flows)
    rows = [flow_result(wire, flow, lab_capture.figures(figures.get(flow.name, []), flow.name))
            for flow in wire.flows]
    rates = [row["goodput_bps"] for row in rows
             if row["kind"] in ("bulk", "onoff") and row["goodput_bps"] is not None]
    known = [row["goodput_bps"] for row in rows if row["goodput_bps"] is not None]
    watch = wire.spec.get("watch") or []
    return {"format": 1, "verdict": verdict, "reason": reason, "name": wire.spec["name"],
            "point": wire.spec["point"], "seed": wire.spec["seed"], "flows": rows,
            "links": [link_result(wire, name) for name in watch], "fairness": jain(rates),
            "converge_s": converge(wire.flows, wire.spec["duration"]),
            "goodput_bps": math.fsum(known) if known else None}


# ---- series --------------------------------------------------------------------------------------

def _state_line(t, flow, number, info):
    mss = info["snd_mss"]
    pacing = info.get("pacing_rate")
    ssthresh = info["snd_ssthresh"]
    return {"t": t, "flow": flow, "conn": number, "ev": "state", "cwnd": info["snd_cwnd"] * mss,
            "ssthresh": None if ssthresh >= NO_SSTHRESH else ssthresh * mss, "srtt": info["rtt"] / 1e6,
            "rto": info["rto"] / 1e6, "inflight": max(0, info["unacked"] - info["sacked"] - info["lost"]
                                                      + info["retrans"]) * mss,
            "pacing": None if pacing in (None, (1 << 64) - 1) else pacing * 8,
            "cc": ("open", "disorder", "cwr", "recovery", "loss")[min(4, info["ca_state"])]}


def _addresses(wire, device):
    """A device's own addresses, as they are in packets; none of a router."""
    node = device.partition(".")[0]
    found = [(socket.AF_INET, wire.topo.address.get(node)), (socket.AF_INET6, wire.topo.address6.get(node))]
    return [socket.inet_pton(family, text) for family, text in found if text and node in wire.programs]


def _segment_lines(wire):
    """Each segment as it left its sender, and what became of it."""
    fates, out = lab_capture.Fates(), []
    for device, path in wire.captures.items():
        fates.look(path, wire.zero, _addresses(wire, device))
    for device in wire.captures:
        own = _addresses(wire, device)
        for seg, found, _ in wire.segments(device, ends=True) if own else ():
            if seg is not None and seg.src in own:
                name, one, data, again = found
                out.append(lab_capture.line(seg, name, one, data, again, fates.of(seg)))
    return out


def write_series(wire, path):
    lines = []
    for flow, states in wire.samples.states.items():
        before = {}
        for t, number, info in states:
            one = _state_line(t, flow, number, info)
            told = {name: value for name, value in one.items() if name != "t"}
            if before.get(number) != told:
                lines.append(one)
                before[number] = told
    for name, seen in wire.samples.queues.items():
        before = None
        for t, packets, size in seen:
            if (packets, size) != before:
                lines.append({"t": t, "link": name, "ev": "queue", "packets": packets, "bytes": size})
                before = (packets, size)
    lines += _segment_lines(wire)
    lines.sort(key=lambda one: one["t"])
    with open(path, "w", encoding="utf-8") as file:
        for one in lines:
            file.write(json.dumps(one) + "\n")
