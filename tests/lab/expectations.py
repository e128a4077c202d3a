# SPDX-License-Identifier: BSD-2-Clause
"""What the experiments' sources say, and how far a run may be from it.

Each Experiment has the table and the plots of its page, what its quick run leaves out, and check(),
which raises Broken when an expectation does not hold. Bounds are wider than what seeds vary by; a
check looks only at points that were run, so the quick run is held to the same. Called by run.
"""

import math
import os
import statistics

from results import Broken

MSS = 1448
REFERENCE = "docs/experiments"


class Experiment:
    """One of them; subclasses say what differs."""

    name = ""
    quick = ()  # lines of the lab file in the quick run's place
    columns = wire_columns = ()
    plots = ()  # on a wire: the first, a line for each device
    netem = ()  # measures that are the same under the kernel's netem

    @staticmethod
    def extra(_point):
        """More measures of a point."""
        return {}

    @staticmethod
    def models(_results):
        """Curves beside the measures, as rig report --model takes them."""
        return []

    def has_wire(self):
        here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        return os.path.exists(os.path.join(here, "scenarios", "experiments", self.name + ".wire.toml"))

    def check(self, r):
        raise NotImplementedError

    def check_wire(self, r):
        """Phantom beside the kernel: neither has less than a third of the other's goodput at any point. The
        figures are of a machine that does other things as well; the page has them."""
        others = [n for n in r.all.factors if n != "device" and len(r.values(n)) > 1]
        for where in combinations(r, others):
            ours, theirs = (r.median("goodput_bps", device=d, **where) for d in ("phantom", "linux"))
            r.between(f"goodput of phantom over the kernel's, {words(where)}", ours / theirs, 1 / 3, 3)

    def check_netem(self, r, virtual):
        """What a device has under the kernel's netem is within what twenty seeds of phantom in virtual time
        vary by: five standard deviations, and a fifth for a kernel that serves its queues by ticks; for
        another stack than phantom a third."""
        others = [n for n in r.all.factors if n != "device" and len(r.values(n)) > 1]
        for where in combinations(r, others):
            for measure in self.netem:
                seen = virtual.list(measure, device="phantom", **where)
                mean, wide = statistics.fmean(seen), 5 * statistics.stdev(seen)
                for device in r.values("device"):
                    slack = wide + mean / (5 if device == "phantom" else 3)
                    r.between(f"{measure} of {device} under netem, {words(where)}",
                              r.median(measure, device=device, **where), mean - slack, mean + slack)


def combinations(r, names):
    """Each combination of these factors' values that was run."""
    seen = []
    for p in r.points:
        one = {name: p.factors[name] for name in names}
        if one not in seen:
            seen.append(one)
    return seen


def words(where):
    return ", ".join(f"{name} {value}" for name, value in where.items()) or "all"


def share(text):
    return float(text.rstrip("%")) / 100


# ---- formulas ------------------------------------------------------------------------------------

def mathis(p, rtt):
    """Mathis, Semke, Mahdavi, Ott 1997: random losses, every segment acknowledged."""
    return 8 * MSS / rtt * 1.31 / math.sqrt(p)


def pftk(p, rtt, rto, b=1):
    """Padhye, Firoiu, Towsley, Kurose 1998, equation 30 without the window's bound."""
    out = min(1, 3 * math.sqrt(3 * b * p / 8)) * p * (1 + 32 * p * p)
    return 8 * MSS / (rtt * math.sqrt(2 * b * p / 3) + rto * out)


def reno_window(p):
    return 1.2 / math.sqrt(p)


def cubic_window(p, rtt):
    """RFC 9438 5.1, figure 5, for C = 0.4 and beta = 0.7; not below Reno's."""
    return max((0.4 * 3.7 / 1.2)**0.25 * (rtt / p)**0.75, reno_window(p))


# ---- one by one ----------------------------------------------------------------------------------

class Loss(Experiment):
    """Random loss against Mathis and PFTK."""

    name = "loss"
    quick = ('time = "40s"', 'seeds = "1..1"', 'loss = ["0.3%", "1%", "3%"]')
    rtt, rto = 0.05, 0.25

    @classmethod
    def extra(cls, p):
        at, goodput = share(p.factors["loss"]), p.measures["goodput_bps"]
        return {"over_mathis": goodput / mathis(at, cls.rtt),
                "over_pftk": goodput / pftk(at, cls.rtt, cls.rto)}

    columns = (("goodput", "goodput_bps"), ("over Mathis", "over_mathis"), ("over PFTK", "over_pftk"),
               ("timeouts", "timeouts"), ("fast recoveries", "fast_recoveries"))
    netem = ("goodput_bps", "retransmitted_share")
    wire_columns = (("goodput", "goodput_bps"), ("over Mathis", "over_mathis"),
                    ("retransmitted", "retransmitted_share"))
    plots = ({"measure": "goodput_bps", "x": "loss", "by": "congestion"},)

    @classmethod
    def models(cls, _results):
        at = [0.0003 * 1.2**n for n in range(33)]
        return [{"name": "Mathis", "points": [[p, mathis(p, cls.rtt)] for p in at if p <= 0.1001]},
                {"name": "PFTK", "points": [[p, pftk(p, cls.rtt, cls.rto)] for p in at if p <= 0.1001]}]

    def check(self, r):
        last = {}
        for loss in r.values("loss"):
            for cc in r.values("congestion"):
                what = f"{cc} at {loss}"
                ratio = r.median("over_mathis", congestion=cc, loss=loss)
                if share(loss) < 0.05:
                    r.between(f"{what}: goodput over Mathis's", ratio, 0.75, 1.3)
                else:
                    r.less(f"{what}: goodput over Mathis's", ratio, "as it has no timeouts", 1)
                r.between(f"{what}: goodput over PFTK's", r.median("over_pftk", congestion=cc, loss=loss),
                          0.75, 1.3 if share(loss) < 0.02 else 2.5)
                goodput = r.median("goodput_bps", congestion=cc, loss=loss)
                if cc in last:
                    r.less(f"{what}: goodput", goodput, "with less loss", last[cc])
                last[cc] = goodput


class Response(Experiment):
    """Regular loss against RFC 9438's response function."""

    name = "response"
    quick = ('time = "40s"', "every = [100, 1000]")

    @staticmethod
    def theory(cc, p, rtt):
        return reno_window(p) if cc == "reno" else cubic_window(p, rtt)

    @classmethod
    def extra(cls, p):
        f = {**p.lab.fixed, **p.factors}
        window = p.measures["cwnd_mean"] / MSS
        theory = cls.theory(f["congestion"], 1 / int(f["every"]), float(f["rtt"][:-2]) / 1000)
        return {"window": window, "theory": theory, "over_theory": window / theory}

    columns = (("window, segments", "window"), ("theory", "theory"), ("over theory", "over_theory"))
    wire_columns = (*columns, ("goodput", "goodput_bps"))
    plots = ({"measure": "window", "x": "every", "by": "congestion"},)

    @classmethod
    def models(cls, r):
        every = [100 * 10**(n / 10) for n in range(21)]
        return [{"name": name, "where": {"rtt": rtt}, "points":
                 [[n, cls.theory(cc, 1 / n, float(rtt[:-2]) / 1000)] for n in every]}
                for rtt in r.values("rtt") for cc, name in (("reno", "1.2/sqrt(p)"), ("cubic", "RFC 9438"))]

    def check(self, r):
        for where in combinations(r, ["congestion", "rtt", "every"]):
            r.between(f"{words(where)}: mean window over theory", r.median("over_theory", **where), 0.85, 1.2)


class Reorder(Experiment):
    """Late segments, with RACK's window adapting and not."""

    name = "reorder"
    quick = ('duration = "8s"', 'late = ["5ms", "30ms"]')
    columns = (("goodput", "goodput_bps"), ("retransmitted", "retransmitted_share"),
               ("fast recoveries", "fast_recoveries"))
    wire_columns = columns
    plots = ({"measure": "goodput_bps", "x": "late", "by": "net.ipv4.tcp_recovery"},
             {"measure": "retransmitted_share", "x": "late", "by": "net.ipv4.tcp_recovery"})

    def check(self, r):
        for late in r.values("late"):
            ms = float(late[:-2])
            adapting, fixed = (r.median("retransmitted_share", late=late, net__ipv4__tcp_recovery=n)
                               for n in (1, 3))
            goodput = r.median("goodput_bps", late=late, net__ipv4__tcp_recovery=1)
            if ms <= 10:  # a quarter of the round trip
                r.less(f"{late}, fixed window: retransmitted", fixed, "as the window covers it", 0.005)
            elif ms >= 15:
                r.less(f"{late}, fixed window: late segments not retransmitted", abs(fixed - 0.02),
                       "of one in 50", 0.004)
            if ms <= 40:  # a round trip
                r.less(f"{late}, adapting: retransmitted", adapting, "as the window grows", 0.005)
                r.between(f"{late}, adapting: share of the line", goodput / 20e6, 0.8, 1)
            else:
                r.between(f"{late}, adapting: retransmitted, as the window ends at a round trip", adapting,
                          0.01, 0.03)


class Tail(Experiment):
    """Short answers with and without tail loss probes."""

    name = "tail"
    quick = ('seeds = "1..1"', 'rtt = ["10ms"]', "burst = [1, 3]")
    columns = (("mean", "completion_mean_s"), ("95th percentile", "completion_p95_s"),
               ("99th percentile", "completion_p99_s"), ("timeouts", "timeouts"), ("answers", "transfers"))
    wire_columns = (*columns[:3], columns[4])
    plots = ({"measure": "completion_mean_s", "x": "burst", "by": "net.ipv4.tcp_early_retrans"},
             {"measure": "completion_p99_s", "x": "burst", "by": "net.ipv4.tcp_early_retrans"})

    def check(self, r):
        for where in combinations(r, ["rtt", "burst"]):
            off, on = ({m: r.median(m, net__ipv4__tcp_early_retrans=n, **where) for m in
                        ("completion_mean_s", "completion_p99_s", "timeouts", "transfers")} for n in (0, 3))
            what, single = words(where), where["burst"] == "1"
            r.less(f"{what}: timeouts in 1000 answers with probes", 1000 * on["timeouts"] / on["transfers"],
                   "half of those without" if single else "than without",
                   1000 * off["timeouts"] / off["transfers"] / (2 if single else 1))
            r.less(f"{what}: mean with probes", on["completion_mean_s"], "than without",
                   off["completion_mean_s"])
        if "10ms" in r.values("rtt"):
            off, on = (r.median("completion_p99_s", net__ipv4__tcp_early_retrans=n, rtt="10ms", burst=1)
                       for n in (0, 3))
            r.less("rtt 10ms, single losses: 99th percentile with probes", on, "half of that without",
                   off / 2)


class Bloat(Experiment):
    """Drop tail, CoDel and FQ-CoDel under CUBIC and BBR."""

    name = "bloat"
    quick = ('duration = "25s"', 'settle = "5s"')
    columns = (("bulk goodput", "bulk.goodput_bps"), ("mean wait in the queue", "queue_mean_s"),
               ("answer, median", "completion_p50_s"),
               ("answer, 95th percentile", "completion_p95_s"),
               ("utilisation", "utilisation"), ("dropped", "dropped"))
    wire_columns = columns[:4]
    netem = ("bulk.goodput_bps", "queue_mean_s", "completion_p50_s")
    plots = ({"measure": "queue_mean_s", "x": "queue", "by": "congestion"},
             {"measure": "completion_p95_s", "x": "queue", "by": "congestion"})
    deep, codel, fair = "droptail 500 packets", "codel", "fq_codel noecn"

    def check(self, r):
        def of(measure, cc, queue):
            return r.median(measure, congestion=cc, queue=queue)

        r.between("CUBIC, drop tail: mean wait over the whole queue's 606 ms",
                  of("queue_mean_s", "cubic", self.deep) / 0.6056, 0.5, 1)
        r.between("CUBIC, CoDel: mean wait over its target of 5 ms",
                  of("queue_mean_s", "cubic", self.codel) / 0.005, 0.4, 2)
        r.less("BBR, drop tail: mean wait", of("queue_mean_s", "bbr", self.deep), "a fifth of CUBIC's",
               of("queue_mean_s", "cubic", self.deep) / 5)
        for cc in r.values("congestion"):
            for queue in r.values("queue"):
                r.between(f"{cc}, {queue}: utilisation", of("utilisation", cc, queue), 0.85, 1.001)
            r.less(f"{cc}, FQ-CoDel: an answer's 95th percentile", of("completion_p95_s", cc, self.fair),
                   "a round trip and 20 ms", 0.06)
        r.less("CUBIC: an answer's median behind CoDel", of("completion_p50_s", "cubic", self.codel),
               "a fifth of drop tail's", of("completion_p50_s", "cubic", self.deep) / 5)


class Share(Experiment):
    """BBR and CUBIC at one bottleneck."""

    name = "share"
    quick = ('time = "60s"', 'seeds = "1..1"', 'buffer = ["1bdp", "16bdp"]')

    @staticmethod
    def extra(p):
        bbr, cubic = p.measures["bbr.goodput_bps"], p.measures["cubic.goodput_bps"]
        return {"share_of_bbr": bbr / (bbr + cubic)}

    columns = (("share of BBR", "share_of_bbr"), ("BBR", "bbr.goodput_bps"), ("CUBIC", "cubic.goodput_bps"),
               ("mean wait in the queue", "queue_mean_s"), ("BBR retransmitted", "bbr.retransmitted_share"),
               ("CUBIC retransmitted", "cubic.retransmitted_share"))
    plots = ({"measure": "share_of_bbr", "x": "buffer"}, {"measure": "queue_mean_s", "x": "buffer"})

    def check(self, r):
        for buffer in r.values("buffer"):
            bdp, part = float(buffer[:-3]), r.median("share_of_bbr", buffer=buffer)
            if bdp <= 8:
                r.between(f"{buffer}: BBR's share", part, 0.35, 0.65)
            else:
                r.between(f"{buffer}: BBR's share", part, 0.05, 0.4)
            r.between(f"{buffer}: utilisation", r.median("utilisation", buffer=buffer), 0.97, 1.001)


class Bursts(Experiment):
    """Gilbert and Elliott's channel with the same mean loss."""

    name = "bursts"
    quick = ('duration = "60s"', 'seeds = "1..1"', 'congestion = ["reno"]', "burst = [1, 4]")
    rtt = 0.05

    @classmethod
    def extra(cls, p):
        theory = mathis(0.01 / int(p.factors["burst"]), cls.rtt)
        return {"over_mathis": p.measures["goodput_bps"] / theory}

    columns = (("goodput", "goodput_bps"), ("over Mathis at p / burst", "over_mathis"),
               ("fast recoveries", "fast_recoveries"), ("timeouts", "timeouts"))
    netem = ("goodput_bps", "retransmitted_share")
    plots = ({"measure": "goodput_bps", "x": "burst", "by": "congestion"},)

    @classmethod
    def models(cls, _results):
        at = [2**(n / 4) for n in range(17)]
        return [{"name": "Mathis at p / burst", "points": [[n, mathis(0.01 / n, cls.rtt)] for n in at]}]

    def check(self, r):
        for burst in r.values("burst"):
            for cc in r.values("congestion"):
                value = r.median("over_mathis", congestion=cc, burst=burst)
                if cc == "bbr":
                    r.less(f"{cc}, bursts of {burst}: Mathis's goodput over its own", 1 / value,
                           "as single losses do not slow it", 0.6)
                else:
                    r.between(f"{cc}, bursts of {burst}: goodput over Mathis's at p / burst", value,
                              0.65, 1.35)


class Cellular(Experiment):
    """A line whose rate wanders."""

    name = "cellular"
    quick = ('duration = "35s"', 'congestion = ["cubic", "bbr"]')
    deep = "droptail 1000 packets"

    columns = (("goodput", "goodput_bps"), ("RTT, mean", "rtt_mean_s"), ("RTT, 95th percentile", "rtt_p95_s"),
               ("wait in the queue", "queue_mean_s"), ("retransmitted", "retransmitted_share"))
    plots = ({"measure": "goodput_bps", "x": "congestion", "by": "queue"},
             {"measure": "rtt_p95_s", "x": "congestion", "by": "queue"})

    def check(self, r):
        for cc in r.values("congestion"):
            deep, short = ({m: r.median(m, congestion=cc, queue=q) for m in ("goodput_bps", "rtt_p95_s")}
                           for q in (self.deep, "codel"))
            r.between(f"{cc}: what CoDel leaves of the deep queue's goodput",
                      short["goodput_bps"] / deep["goodput_bps"], 0.65, 1.05)
            if cc != "bbr":
                r.less(f"{cc}, CoDel: RTT's 95th percentile", short["rtt_p95_s"],
                       "a fifth of the deep queue's", deep["rtt_p95_s"] / 5)
        r.less("BBR, deep queue: RTT's 95th percentile",
               r.median("rtt_p95_s", congestion="bbr", queue=self.deep), "a third of CUBIC's",
               r.median("rtt_p95_s", congestion="cubic", queue=self.deep) / 3)


class Acks(Experiment):
    """Acknowledgments are lost."""

    name = "acks"
    quick = ('duration = "20s"', 'seeds = "1..1"', 'loss = ["0%", "20%"]')
    @staticmethod
    def extra(p):
        return {"lost": p.measures["dropped"] / p.measures["frames"]} if p.measures.get("frames") else {}

    columns = (("goodput", "goodput_bps"), ("ACKs lost", "lost"),
               ("retransmitted", "retransmitted_share"), ("timeouts", "timeouts"),
               ("RTT, mean", "rtt_mean_s"))
    wire_columns = (columns[0], columns[2])
    plots = ({"measure": "goodput_bps", "x": "loss", "by": "congestion"},)

    def check(self, r):
        for cc in r.values("congestion"):
            whole = r.median("goodput_bps", congestion=cc, loss="0%")
            for loss in r.values("loss"):
                part = r.median("goodput_bps", congestion=cc, loss=loss) / whole
                low = 0.9 if share(loss) <= 0.2 else 0.6
                lost = r.median("lost", congestion=cc, loss=loss)
                r.less(f"{cc}, {loss} of ACKs lost: the link's share off it", abs(lost - share(loss)),
                       "a tenth, and chance", 0.003 + share(loss) / 10)
                r.between(f"{cc}, {loss} of ACKs lost: what is left of the goodput", part, low, 1.05)


class Incast(Experiment):
    """Many answers at once."""

    name = "incast"
    quick = ('duration = "3s"', "senders = [4, 48]")

    @staticmethod
    def extra(p):
        mean = p.measures.get("completion_mean_s")
        return {"while_asking_bps": 8e6 / mean} if mean else {}

    columns = (("goodput while asking", "while_asking_bps"), ("megabyte, median", "completion_p50_s"),
               ("99th percentile", "completion_p99_s"), ("timeouts", "timeouts"), ("dropped", "dropped"))
    plots = ({"measure": "while_asking_bps", "x": "senders", "by": "net.ipv4.tcp_rto_min_us"},)

    def check(self, r):
        usual, small = ({n: r.median("while_asking_bps", senders=n, net__ipv4__tcp_rto_min_us=rto)
                         for n in r.values("senders")} for rto in (200000, 5000))
        few = [n for n in usual if int(n) <= 4]
        for n in few:
            # The median: a round now and then loses the last segment alone, and its probe waits for the
            # least timeout.
            half = r.median("completion_p50_s", senders=n, net__ipv4__tcp_rto_min_us=200000)
            r.between(f"{n} senders: share of the line, half of the rounds", 8e6 / half / 1e9, 0.7, 1)
        r.less("48 senders, least timeout 200 ms: goodput", usual["48"],
               "a quarter of that of few: the collapse", usual[few[-1]] / 4)
        for n in small:
            r.between(f"{n} senders, least timeout 5 ms: share of the line", small[n] / 1e9, 0.3, 1)


ALL = [Loss(), Response(), Reorder(), Tail(), Bloat(), Share(), Bursts(), Cellular(), Acks(), Incast()]
__all__ = ["ALL", "Broken", "Experiment"]
