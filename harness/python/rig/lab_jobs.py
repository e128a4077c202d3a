# SPDX-License-Identifier: BSD-2-Clause
"""Points elsewhere: as a job array of Slurm, or through GNU parallel's hosts. Both run lab_job.py, whose
results appear in DIR by a rename each, and what is watched here is DIR alone: whichever host ran a
point, however often, it is in the table once. DIR must be on a file system that all hosts share.
Called by lab.py.
"""

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

from . import lab_job, lab_store
from .session import CannotRun

POLL_S = 0.5
ARRAY_MAX = 1000      # tasks of one array: below Slurm's default MaxArraySize
ATTEMPTS = 3          # a point whose job has vanished without a result is submitted so often
ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "RIG_BUILDDIR", "RIG_LAB_SIM")


def need(program, package):
    path = shutil.which(program)
    if not path:
        raise CannotRun(f"there is no {program} on PATH: apt-get install {package}, or use --executor local")
    return path


class Elsewhere:
    """What both have in common: the job files, and the watch over what appears."""

    def __init__(self, store, engine, build, jobs, options, sshlogin):
        self.store, self.engine, self.build = store, engine, build
        self.jobs, self.options, self.sshlogin = jobs, options, sshlogin
        self.began = {}

    def _prepare(self, points):
        """A file for each point that says all of it; marks of earlier failures go."""
        os.makedirs(os.path.join(self.store.directory, "jobs"), exist_ok=True)
        for point in points:
            if self.store.failed(point.number, point.key):
                self.store.drop(self.store.path(point.number))
            lab_store.write(lab_job.job_path(self.store.directory, point.number), json.dumps({
                "key": point.key, "engine": self.engine, "version": self.build, "spec": point.spec,
                "options": self.options}) + "\n")
            self.began[point.number] = time.monotonic()

    def _command(self):
        """The words that run a job, before its number."""
        environment = [f"{name}={os.environ[name]}" for name in ENVIRONMENT if name in os.environ]
        return ["env", *environment, sys.executable, "-m", "rig.lab_job", self.store.directory]

    def _collect(self, waiting, ended):
        """Tells of those that have come; `waiting` {number: point} keeps the others."""
        for number in sorted(waiting):
            point = waiting[number]
            done = self.store.done(number, point.key)
            failed = None if done else self.store.failed(number, point.key)
            if done or failed:
                del waiting[number]
                result, run = done or (None, failed)
                ended(point, result, run, run.get("wall_s", time.monotonic() - self.began[number]))

    def _lost(self, waiting, ended, why):
        for number in sorted(waiting):
            point = waiting.pop(number)
            run = {"key": point.key, "error": why}
            self.store.put_error(number, run)
            ended(point, None, run, 0)


class Parallel(Elsewhere):
    """GNU parallel: its hosts, its ssh; `:` is this machine."""

    def run(self, points, ended, tick):
        program = need("parallel", "parallel")
        if not points:
            return
        self._prepare(points)
        log = os.path.join(self.store.directory, "parallel.log")
        words = [program, "--will-cite", "--retries", str(ATTEMPTS), "--joblog", log,
                 *(["-j", str(self.jobs)] if self.jobs else []),
                 *(["--sshlogin", self.sshlogin] if self.sshlogin else [])]
        waiting = {point.number: point for point in points}
        process = subprocess.Popen([*words, shlex.join(self._command()) + " {}"], stdin=subprocess.PIPE,
                                   text=True, start_new_session=True)
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write("".join(f"{number}\n" for number in sorted(waiting)))
                process.stdin.close()
            while process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(POLL_S)
                self._collect(waiting, ended)
                tick(min(len(waiting), self.jobs or len(waiting)))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
        self._collect(waiting, ended)
        self._lost(waiting, ended, f"parallel ended with status {process.returncode} and there is no "
                                   f"result; {log} has what became of it")


class Slurm(Elsewhere):
    """A job array: `sbatch` once, then `squeue` until it is gone. Interrupted, the array goes on, and
    the next call watches it instead of submitting again."""

    def __init__(self, *args):
        super().__init__(*args)
        self.directory = os.path.join(self.store.directory, "slurm")
        self.known = os.path.join(self.directory, "jobs.json")
        self.attempts = {}

    def run(self, points, ended, tick):
        for program in ("sbatch", "squeue"):
            need(program, "slurm-wlm")
        if not points:
            return
        os.makedirs(self.directory, exist_ok=True)
        waiting = {point.number: point for point in points}
        live = self._attach(waiting)
        try:
            self._submit([waiting[n] for n in sorted(waiting) if n not in live])
            self._watch(waiting, ended, tick)
        except KeyboardInterrupt:
            ids = " ".join(self._ids())
            if ids:
                print(f"rig lab: Slurm goes on with {ids}: the same command watches it again, scancel "
                      f"{ids} ends it", file=sys.stderr)
            raise

    # ---- jobs ----------------------------------------------------------------------------------

    def _jobs(self):
        return lab_store.read_json(self.known) or []

    def _ids(self):
        return [job["id"] for job in self._jobs()]

    def _attach(self, waiting):
        """Points that arrays of an earlier call still have before them; those arrays alone stay known."""
        queued = self._queued()
        jobs = [job for job in self._jobs() if job["id"] in (queued or {})]
        lab_store.write(self.known, json.dumps(jobs) + "\n")
        live = {number for job in jobs for task, number in enumerate(job["points"])
                if number in waiting and job["keys"][task] == waiting[number].key}
        self._prepare([waiting[n] for n in sorted(live)])
        return live

    def _submit(self, points):
        self._prepare(points)
        for at in range(0, len(points), ARRAY_MAX):
            self._submit_array(points[at:at + ARRAY_MAX])

    def _submit_array(self, points):
        for point in points:
            self.attempts[point.number] = self.attempts.get(point.number, 0) + 1
        numbers = " ".join(str(point.number) for point in points)
        script = ("#!/bin/sh\n# A point of a rig lab for each task.\n"
                  f"set -- {numbers}\nshift \"$SLURM_ARRAY_TASK_ID\"\n"
                  f"exec {shlex.join(self._command())} \"$1\"\n")
        limit = f"%{self.jobs}" if self.jobs else ""
        done = subprocess.run(
            ["sbatch", "--parsable", f"--array=0-{len(points) - 1}{limit}", "--requeue",
             f"--chdir={self.store.directory}", "--open-mode=append",
             "--job-name=rig-lab", f"--output={self.directory}/%A_%a.out"],
            input=script, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotRun(f"sbatch refused the array: {done.stderr.strip()}")
        job = {"id": done.stdout.strip().partition(";")[0], "points": [p.number for p in points],
               "keys": [p.key for p in points]}
        lab_store.write(self.known, json.dumps([*self._jobs(), job]) + "\n")

    def _queued(self):
        """{id: how many of its tasks Slurm has still to end}; None when Slurm does not answer."""
        done = subprocess.run(["squeue", "--noheader", "--array", "--format=%F", "--me"],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        out = {}
        for name in done.stdout.split():
            out[name] = out.get(name, 0) + 1
        return out

    # ---- waiting -------------------------------------------------------------------------------

    def _watch(self, waiting, ended, tick):
        silent = False
        while waiting:
            queued = self._queued()
            self._collect(waiting, ended)  # after the question: what has ended since is there
            if queued is None:
                if not silent:
                    print("rig lab: Slurm does not answer; waiting for it", file=sys.stderr)
                silent = True
            elif waiting:
                silent = False
                self._again(waiting, queued, ended)
            tick(min(len(waiting), sum((queued or {}).values())))
            if waiting:
                time.sleep(POLL_S)

    def _again(self, waiting, queued, ended):
        """Points whose arrays are gone without a result: submitted again, or given up."""
        covered = {number for job in self._jobs() if job["id"] in queued for number in job["points"]}
        lost = {number: waiting[number] for number in waiting if number not in covered}
        if not lost:
            return
        self._collect(lost, lambda *_: None)  # they came while we asked: the next turn tells
        tired = {n: p for n, p in lost.items() if self.attempts.get(n, 0) >= ATTEMPTS}
        self._lost(dict(tired), ended, f"its Slurm job ended {ATTEMPTS} times without a result; "
                                       f"{self.directory} has what it said")
        for number in tired:
            waiting.pop(number, None)
        self._submit([p for n, p in sorted(lost.items()) if n not in tired])
