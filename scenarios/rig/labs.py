# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of rig lab share: a small file, a runner that stands in for `rig sim --point`, and
running the command. The stand-in does what the sysctl factor net.test.mode says, and notes each run.
"""

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import textwrap

import pytest

from rig.session import CannotRun, Session, find_program

STAND_IN = """#!/usr/bin/python3
import hashlib, json, os, signal, sys, time
point = json.load(open(sys.argv[sys.argv.index("--point") + 1]))
out = sys.argv[sys.argv.index("--out") + 1]
mode = point["sysctls"]["a"].get("net.test.mode", "ok")
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "runs"), "a") as log:
    log.write(f"{point['point']} {os.getpid()}\\n")
if mode == "crash":
    sys.stderr.write("the stack fell over\\n")
    os.kill(os.getpid(), signal.SIGSEGV)
while mode == "wait" and not os.path.exists(os.path.join(here, "go")):
    time.sleep(0.01)
if mode == "fill":
    # Something else takes all that is left, in pieces down to an octet.
    with open(os.path.join(out, "../../filler"), "ab", 0) as file:
        for piece in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(piece)):
                    pass
            except OSError:
                pass
if mode == "large":
    with open(os.path.join(out, "large"), "wb") as file:
        file.write(bytes(64 << 20))
decides = {k: v for k, v in point.items() if k not in ("name", "point")}
digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]
if mode == "unsteady":
    digest = os.urandom(8).hex()
rate = int(digest[:6], 16) / 3 if mode != "unsteady" else 1.0
flow = {"name": "f1", "kind": "bulk", "goodput_bps": rate, "segments": 1000, "retransmitted": 10,
        "completion_s": [0.1, 0.4, 0.2], "rtt_min_s": 0.04, "rtt_mean_s": 0.05}
link = {"name": "b.e0 in", "frames": 1000, "dropped": {"loss": 7, "queue full": 3}, "marked": 0,
        "queue_mean_packets": 4.5, "utilisation": 0.9}
if "--series" in sys.argv:
    open(os.path.join(out, "series.jsonl"), "w").write('{"t": 0}\\n')
if "--capture" in sys.argv:
    open(os.path.join(out, "b.e0.pcapng"), "w").write("frames")
result = {"format": 1, "verdict": "fail" if mode == "fail" else "pass",
          "reason": "an octet that was not sent" if mode == "fail" else "", "seed": point["seed"],
          "digest": digest, "flows": [flow], "links": [link], "goodput_bps": rate, "fairness": None}
with open(os.path.join(out, "result.part"), "w") as file:
    json.dump(result, file)
os.rename(os.path.join(out, "result.part"), os.path.join(out, "result.json"))
sys.exit(mode == "fail")
"""

FILE = """[lab]
name = "small"
duration = "1s"
seeds = [1, 2]

[topology]
name = "pair"

[factors]
loss = ["0%", "1%"]
rtt = ["10ms", "40ms"]

[[traffic]]
kind = "bulk"
from = "a"
to = "b"
"""

WIRE = """
[lab]
name = "wire"
duration = "3s"
settle = "1s"

[topology]
name = "pair"
link = "wire in"

[fixed]
rate = "5mbit"
rtt = "20ms"
buffer = 30

[factors]
device = ["phantom", "linux"]
loss = ["0%", "2%"]

[[traffic]]
name = "big"
kind = "bulk"
from = "a"
to = "b"
"""


class Labs:
    """A directory with a lab file and a stand-in; run() is the command."""

    def __init__(self, path, real=False):
        self.path, self.out = path, path / "out"
        self.env = dict(os.environ)
        if not real:
            sim = path / "standin"
            sim.write_text(STAND_IN)
            sim.chmod(0o755)
            self.env["RIG_LAB_SIM"] = str(sim)
        self.file(FILE)

    def file(self, text):
        (self.path / "x.toml").write_text(textwrap.dedent(text))
        return self

    def factor(self, line):
        """The small file with one factor more."""
        return self.file(FILE.replace("[factors]\n", f"[factors]\n{line}\n"))

    def command(self, *words):
        return [find_program("rig"), "lab", str(self.path / "x.toml"), "--out", str(self.out), *words]

    def run(self, *words, status=0):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, env=self.env,
                              check=False)
        assert done.returncode == status, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *words):
        """The command under way. It hears SIGINT, also where the tests run in a background that does not."""
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=self.env,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def on_a_wire(self, text, enough, *words):
        """Runs a file of three seconds on a wire, where time is the machine's: for longer, and longer again,
        while the machine was too slow for enough() of it to happen. How long it was, in seconds.
        """
        for seconds in (3, 12, 60):
            shutil.rmtree(self.out, ignore_errors=True)
            self.file(text.replace('duration = "3s"', f'duration = "{seconds}s"'))
            self.run("--engine", "wire", *words)
            if enough():
                break
        return seconds

    def rows(self):
        with open(self.out / "results.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def sql(self, query):
        with sqlite3.connect(self.out / "results.sqlite") as db:
            return db.execute(query).fetchall()

    def runs(self):
        """(point, pid) of each run of the stand-in."""
        path = self.path / "runs"
        return [tuple(map(int, line.split())) for line in path.read_text().splitlines()] \
            if path.exists() else []

    def point(self, number):
        return json.loads((self.out / "points" / f"{number:04d}" / "point.json").read_text())

    def result(self, number):
        return json.loads((self.out / "points" / f"{number:04d}" / "result.json").read_text())


def real_world(path):
    """A lab of real runs, where namespaces can be had; else the test is skipped."""
    try:
        session = Session()
        session.do("node probe")
        session.close()
    except CannotRun as error:
        pytest.skip(str(error))
    return Labs(path, real=True)
