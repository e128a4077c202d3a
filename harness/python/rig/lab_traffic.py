# SPDX-License-Identifier: BSD-2-Clause
"""The flows of a point on real devices: bulk, request, onoff, web, incast, arrivals, as
docs/lab-format.md has them, spoken through the device protocol. Each copy of a flow has threads of
its own and writes down what arrived when. Called by lab_wire.py.
"""

import math
import queue
import random
import threading
import time

from .lab_agent import CHUNK, CannotSet, DeviceError, family_of

FIRST_PORT = 5001
SHUT_WR = 1


class Draws:
    """A stream of numbers for one key of one flow, under the point's seed."""

    def __init__(self, seed, flow, key, spec, least=0.0):
        self.random = random.Random(f"{seed} {flow} {key}")
        self.spec, self.least = spec, least

    def next(self):
        return max(self.least, self._draw())

    def whole(self):
        return max(1, math.floor(self._draw()))

    def _draw(self):
        spec, rnd = self.spec, self.random
        if not isinstance(spec, dict):
            return spec or 0
        kind = spec.get("dist")
        if kind == "uniform":
            return rnd.uniform(spec["min"], spec["max"])
        if kind == "exponential":
            return rnd.expovariate(1 / spec["mean"])
        if kind == "choice":
            return rnd.choice(spec["values"])
        if kind == "lognormal":
            return min(spec["max"], rnd.lognormvariate(math.log(spec["median"]), spec["sigma"]))
        if kind == "pareto":
            low, high, shape = spec["min"], spec["max"], spec["shape"]
            span = 1 - (low / high) ** shape
            return low / (1 - rnd.random() * span) ** (1 / shape)
        raise DeviceError(f"there is no distribution {kind!r}")


class Over(Exception):
    """The point has ended: a thread of it has nothing more to do."""


class Clock:
    """Seconds since the point began; waits that end with it."""

    def __init__(self, duration):
        self.over = threading.Event()
        self.duration, self.zero = duration, None

    def begin(self):
        self.zero = time.monotonic()

    def now(self):
        return time.monotonic() - self.zero

    def at(self, machine_s):
        """A time of the machine's clock, as the devices tell it."""
        return machine_s - self.zero

    def until(self, when):
        """Waits; Over when the point ends before."""
        if self.over.wait(max(0, when - self.now())):
            raise Over

    def check(self):
        if self.over.is_set() or self.now() >= self.duration:
            raise Over


class Flow:
    """One copy of a flow; what it saw is read when the point is over."""

    def __init__(self, clock, agents, addresses, spec, name, seed, port):
        self.clock, self.agents, self.addresses, self.spec = clock, agents, addresses, spec
        self.name, self.kind, self.port = name, spec["kind"], port
        self.start = spec.get("start") or 0
        if spec.get("spread"):
            self.start += random.Random(f"{seed} {name} start").uniform(0, spec["spread"])
        self.stop = spec.get("stop")
        self.draw = {key: Draws(seed, name, key, spec.get(key, DEFAULTS.get(key)))
                     for key in ("request", "response", "think", "on", "off", "objects", "size", "gap",
                                 "bytes")}
        self.arrived, self.completions, self.ended = [], [], None
        self.connections = self.failed = 0
        self.errors, self.cannot = [], None
        self.senders = []  # (agent, fd) of the ends that send data
        self.jobs, self.change = {}, threading.Condition()
        self.threads, self.wanted = [], []

    # ---- plumbing ------------------------------------------------------------------------------

    def thread(self, function, *args):
        def run():
            try:
                function(*args)
            except Over:
                pass
            except CannotSet as error:
                self.cannot = str(error)
            except DeviceError as error:
                if not self.clock.over.is_set():
                    self.failed += 1
                    self.errors.append(str(error))

        one = threading.Thread(target=run, daemon=True)
        self.threads.append(one)
        one.start()
        return one

    def end(self):
        """After the point: whoever waits for a question hears that there is none, and threads end."""
        for wanted in self.wanted:
            wanted.put(None)
        with self.change:
            self.change.notify_all()
        for one in self.threads:
            one.join(5)

    def listen_at(self):
        """The nodes that this flow's connections go to."""
        return self.spec["from"] if self.kind == "incast" else [self.spec["to"]]

    def open(self):
        """Before the clock begins: listeners stand."""
        for node in self.listen_at():
            fd = self.agents[node].listen(self.spec, self.addresses[node], self.port)
            self.thread(self._accept, node, fd)

    def _accept(self, node, listener):
        while not self.clock.over.is_set():
            fd, out = self.agents[node].call("accept", fd=listener, flags=0)
            self.thread(self._serve, node, fd, (out["addr"]["ip"], out["addr"]["port"]))

    def _serve(self, node, fd, peer):
        with self.change:
            while (node, peer) not in self.jobs:
                if not self.change.wait(1) and self.clock.over.is_set():
                    raise Over
            job = self.jobs[node, peer]
        job(self.agents[node], fd)

    def connect(self, source, to, serve, sends):
        """A connection from one node to another, where serve(agent, fd) runs; (agent, fd)."""
        agent = self.agents[source]
        fd = agent.socket(self.spec)
        self.connections += 1
        if sends:
            self.senders.append((agent, fd))
        agent.call("connect", fd=fd, addr={"family": family_of(self.spec), "ip": self.addresses[to],
                                           "port": self.port})
        _, out = agent.call("getsockname", fd=fd)
        with self.change:
            self.jobs[to, (out["addr"]["ip"], out["addr"]["port"])] = serve
            self.change.notify_all()
        return agent, fd

    def going(self):
        """Whether something new may begin now."""
        self.clock.check()
        return self.stop is None or self.clock.now() < self.stop

    def read(self, agent, fd, length=None):
        """Reads `length` octets, or to the end; when the last came."""
        got, when = 0, self.clock.now()
        while length is None or got < length:
            n, ended = agent.receive(fd, CHUNK if length is None else min(CHUNK, length - got))
            when = self.clock.at(ended)
            if n == 0:
                if length is not None:
                    raise DeviceError(f"{self.name}: the connection ended after {got} of {length} octets")
                break
            got += n
            if when <= self.clock.duration:  # what is read later is no part of the point
                self.arrived.append((when, n))
        return when

    def skip(self, agent, fd, length):
        """Reads what is no data of the flow's: a question."""
        while length > 0:
            n, _ = agent.receive(fd, min(CHUNK, length))
            if n == 0:
                raise Over
            length -= n

    # ---- kinds -----------------------------------------------------------------------------------

    def run(self):
        self.thread(self._run)

    def _run(self):
        self.clock.until(self.start)
        getattr(self, "_" + self.kind)()

    def _read_all(self, began, length):
        def serve(agent, fd):
            when = self.read(agent, fd, length)
            if length is not None:
                self.completions.append((when, when - began))
                if self.kind == "bulk":
                    self.ended = when
            agent.call("close", fd=fd)
        return serve

    def _bulk(self):
        length = self.spec.get("bytes")
        length = self.draw["bytes"].whole() if length is not None else None
        agent, fd = self.connect(self.spec["from"], self.spec["to"],
                                 self._read_all(self.clock.now(), length), True)
        sent = 0
        while self.going() and (length is None or sent < length):
            sent += agent.send(fd, CHUNK if length is None else min(CHUNK, length - sent))
        agent.call("shutdown", fd=fd, how=SHUT_WR)

    def _onoff(self):
        agent, fd = self.connect(self.spec["from"], self.spec["to"],
                                 self._read_all(self.clock.now(), None), True)
        rate = self.spec.get("rate")
        while self.going():
            began, sent = self.clock.now(), 0
            until = began + self.draw["on"].next()
            while self.going() and self.clock.now() < until:
                sent += agent.send(fd, 16384)
                if rate:
                    self.clock.until(min(until, began + sent * 8 / rate))
            self.clock.until(self.clock.now() + self.draw["off"].next())
        agent.call("shutdown", fd=fd, how=SHUT_WR)

    def _answers(self, wanted):
        """Serves a connection: for each (question, answer) of the queue reads one and writes the other."""
        def serve(agent, fd):
            self.senders.append((agent, fd))
            while pair := wanted.get():
                self.skip(agent, fd, pair[0])
                agent.send_all(fd, pair[1])
            agent.call("close", fd=fd)
        return serve

    def _asker(self, source, to):
        """A connection for questions: ask(question, answer) octets; (ask, close)."""
        wanted = queue.Queue()
        self.wanted.append(wanted)
        agent, fd = self.connect(source, to, self._answers(wanted), False)

        def ask(question, answer):
            wanted.put((question, answer))
            agent.send_all(fd, question)
            return self.read(agent, fd, answer)

        def close():
            wanted.put(None)
            agent.call("close", fd=fd)

        return ask, close

    def _request(self):
        left, ask = self.spec.get("count"), None
        while self.going() and left != 0:
            began = self.clock.now()
            if ask is None:
                ask, close = self._asker(self.spec["from"], self.spec["to"])
                began = began if self.spec.get("reconnect") else self.clock.now()
            when = ask(self.draw["request"].whole(), self.draw["response"].whole())
            self.completions.append((when, when - began))
            left = left - 1 if left else left
            if self.spec.get("reconnect"):
                close()
                ask = None
            self.clock.until(self.clock.now() + self.draw["think"].next())
        self.ended = self.clock.now()

    def _web(self):
        left = self.spec.get("count")
        while self.going() and left != 0:
            began = self.clock.now()
            objects = queue.Queue()
            count = self.draw["objects"].whole()
            for _ in range(count):
                objects.put((self.draw["request"].whole(), self.draw["size"].whole()))
            last = []
            fetchers = [self.thread(self._fetch, objects, last)
                        for _ in range(min(count, self.spec.get("connections", 6)))]
            for one in fetchers:
                one.join()
            self.clock.check()
            if len(last) == count:
                self.completions.append((max(last), max(last) - began))
            left = left - 1 if left else left
            self.clock.until(self.clock.now() + self.draw["think"].next())
        self.ended = self.clock.now()

    def _fetch(self, objects, last):
        ask, close = self._asker(self.spec["from"], self.spec["to"])
        while True:
            try:
                pair = objects.get_nowait()
            except queue.Empty:
                break
            last.append(ask(*pair))
        close()

    def _incast(self):
        askers = [self._asker(self.spec["to"], node)[0] for node in self.spec["from"]]
        left = self.spec.get("count")
        while self.going() and left != 0:
            began, last = self.clock.now(), []
            sizes = [(self.draw["request"].whole(), self.draw["bytes"].whole()) for _ in askers]
            threads = [self.thread(lambda ask=ask, pair=pair: last.append(ask(*pair)))
                       for ask, pair in zip(askers, sizes)]
            for one in threads:
                one.join()
            self.clock.check()
            if len(last) == len(askers):
                self.completions.append((max(last), max(last) - began))
            left = left - 1 if left else left
            self.clock.until(self.clock.now() + self.draw["think"].next())
        self.ended = self.clock.now()

    def _arrivals(self):
        while self.going():
            self.thread(self._arrival, self.draw["size"].whole())
            self.clock.until(self.clock.now() + self.draw["gap"].next())

    def _arrival(self, length):
        agent, fd = self.connect(self.spec["from"], self.spec["to"],
                                 self._read_all(self.clock.now(), length), True)
        agent.send_all(fd, length)
        agent.call("shutdown", fd=fd, how=SHUT_WR)


DEFAULTS = {"request": 400, "think": 0}


def flows(clock, agents, addresses, specs, seed):
    """All copies of all flows of a point, in its order."""
    out = []
    for spec in specs:
        spec = dict(spec)
        if spec["kind"] == "incast":
            spec.setdefault("request", 100)
        copies = spec.get("copies") or 1
        for number in range(1, copies + 1):
            name = spec["name"] if copies == 1 else f"{spec['name']}.{number}"
            out.append(Flow(clock, agents, addresses(spec.get("family")), spec, name, seed,
                            FIRST_PORT + len(out)))
    return out
