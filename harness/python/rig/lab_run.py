# SPDX-License-Identifier: BSD-2-Clause
"""Runs points: the program for one, and many at once on this machine's cores.

Each point is a program of its own (`rig sim --point` in virtual time, this package's lab_wire on a
wire), so a device that crashes takes its point with it and nothing else. Children die with this
process. Called by lab.py; lab_jobs.py runs points elsewhere.
"""

import contextlib
import ctypes
import errno
import os
import selectors
import signal
import subprocess
import sys
import time

from . import lab_points, lab_store
from .session import CannotRun, find_program

PR_SET_PDEATHSIG = 1
SAID_MAX = 1 << 16  # of a child's standard error that is looked at


def runner(engine, spec, path, options):
    """The command that runs a point whose point.json stands in `path`, and leaves result.json there."""
    words = [f"--{name}" for name in ("series", "capture") if options.get(name)]
    words += ["--replay", options["replay"]] if options.get("replay") else []
    point = os.path.join(path, "point.json")
    if engine == "virtual":
        # RIG_LAB_SIM: another program that speaks the same words (tests).
        program = os.environ.get("RIG_LAB_SIM") or find_program("rig")
        return [program, "sim", "--point", point, "--out", path, *words]
    return [sys.executable, "-m", "rig.lab_wire", "--point", point, "--out", path, "--engine", engine,
            *words]


def check(lab, engine, points):
    """LabError or CannotRun before anything starts."""
    if not os.environ.get("RIG_LAB_SIM"):
        lab_points.check(lab, points, find_program("rig"))
    if engine != "virtual":
        from . import lab_wire
        lab_wire.probe(engine)


def version(engine):
    """Which build makes the results: rig's version and a hash of the programs that decide them."""
    names = ["rig"] if engine == "virtual" else ["rig", "phantom", "rig-agent"]
    if engine == "virtual" and os.environ.get("RIG_LAB_SIM"):
        programs = [os.environ["RIG_LAB_SIM"]]
    else:
        programs = [find_program(name) for name in names]
    said = subprocess.run([find_program("rig"), "--version"], stdout=subprocess.PIPE, text=True,
                          check=False).stdout.split()
    digest = "".join(lab_store.sha256(one)[:12 // len(programs)] for one in programs)
    kernel = "" if engine == "virtual" else f"+linux-{os.uname().release}"
    return f"{said[-1] if said else '?'}+{digest}{kernel}"


def _with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def limit_of(engine, spec):
    """Seconds that a point may take: in virtual time the simulator has limits of its own; on a wire a
    device that hangs must not hold up the others."""
    return None if engine == "virtual" else 3 * spec["duration"] + 120


class Child:
    """One point under way."""

    def __init__(self, store, point, engine, options):
        self.store, self.point = store, point
        self.path = store.begin(point.number, point.spec)
        self.began, self.late = time.monotonic(), False
        self.limit = options.get("timeout") or limit_of(engine, point.spec)
        self.stderr = os.memfd_create("rig-lab-stderr")
        try:
            self.process = subprocess.Popen(
                runner(engine, point.spec, self.path, options), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=self.stderr, start_new_session=True,
                preexec_fn=_with_parent)
            self.pidfd = os.pidfd_open(self.process.pid)
        except OSError:
            os.close(self.stderr)
            store.drop(self.path)
            raise

    @property
    def lasted(self):
        return time.monotonic() - self.began

    def stop_late(self):
        """Ends it when it has taken longer than it may; True if so."""
        if self.limit is None or self.lasted < self.limit or self.late:
            return False
        self.late = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return True

    def wait(self):
        """Until its end, in which it is held to its limit."""
        while self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.5)
            self.stop_late()

    def end(self, engine, build):
        """What has become of it: (result or None, run)."""
        status = self.process.wait()
        said = os.pread(self.stderr, SAID_MAX, 0).decode(errors="replace")
        if self.late:
            status = 124
            said = f"it did not end within {self.limit:g} s of the machine's time"
        self._close()
        facts = {"engine": engine, "version": build, "wall_s": round(self.lasted, 3),
                 "host": os.uname().nodename}
        return finish(self.store, self.point, self.path, facts, status, said)

    def abandon(self):
        """Ends it now; nothing of it stays."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._close()
        self.store.drop(self.path)

    def _close(self):
        os.close(self.pidfd)
        os.close(self.stderr)


def finish(store, point, path, facts, status, said):
    """Puts a run in its place; on a full disk the mark that it failed, at least in memory."""
    try:
        run = store.end(point.number, path, point.key, facts, status, said)
    except OSError as error:
        run = {"key": point.key, **facts, "error": _disk(error)}
        store.drop(path)
    if "error" in run:
        return None, run
    return lab_store.read_json(os.path.join(store.path(point.number), "result.json")), run


def _disk(error):
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: make room and run the same command again"
    return f"{error.filename or 'the results directory'}: {error.strerror}"


def idle_cores(seconds=0.2):
    """Cores that had nothing to do just now, of those we may run on."""
    def idle():
        with open("/proc/stat", encoding="ascii") as file:
            return sum(int(line.split()[4]) for line in file if line[:3] == "cpu" and line[3] != " ")

    before, began = idle(), time.monotonic()
    time.sleep(seconds)
    ticks = os.sysconf("SC_CLK_TCK") * (time.monotonic() - began)
    return max(0, min(len(os.sched_getaffinity(0)), round((idle() - before) / ticks)))


class Local:
    """Up to `jobs` points at once; ended(point, result, run, wall) for each, in the order they end."""

    def __init__(self, store, engine, build, jobs, options):
        self.store, self.engine, self.build, self.jobs = store, engine, build, jobs
        self.options = options
        self.children = {}
        self.selector = selectors.DefaultSelector()

    def run(self, points, ended, tick):
        """Runs all; tick(number running) now and then. Whatever ends this early ends the children."""
        waiting = list(reversed(points))
        try:
            while waiting or self.children:
                while waiting and len(self.children) < self.jobs and self._room():
                    self._start(waiting.pop(), ended)
                for key, _ in self.selector.select(0.5):
                    self._ended(key.data, ended)
                for child in self.children.values():
                    child.stop_late()
                tick(len(self.children))
        finally:
            for child in self.children.values():
                child.abandon()
            self.children.clear()
            self.selector.close()

    def _room(self):
        """On a wire a second point starts only where cores are idle: time is part of the result."""
        return self.engine == "virtual" or not self.children or idle_cores() >= 2

    def _start(self, point, ended):
        try:
            child = Child(self.store, point, self.engine, self.options)
        except (OSError, CannotRun) as error:
            why = _disk(error) if isinstance(error, OSError) else str(error)
            ended(point, None, {"key": point.key, "error": why}, 0)
            return
        self.children[point.number] = child
        self.selector.register(child.pidfd, selectors.EVENT_READ, child)

    def _ended(self, child, ended):
        self.selector.unregister(child.pidfd)
        del self.children[child.point.number]
        lasted = child.lasted
        result, run = child.end(self.engine, self.build)
        ended(child.point, result, run, lasted)
