# SPDX-License-Identifier: BSD-2-Clause
"""rig lab FILE.toml: an experiment is one file; this runs its points and keeps their table.

docs/lab.md is the user's page. Exit status: 0 every point passed (skipped ones are said), 1 some did
not, 2 the file or the command makes no sense and nothing was started, 77 this machine cannot, 130
interrupted: the table is there, and the same command goes on.
"""

import argparse
import collections
import json
import os
import shutil
import signal
import sys
import tempfile
import time

from . import lab_points, lab_progress, lab_read, lab_run, lab_store, lab_table
from .session import CannotRun

OK, FAILED, BAD, CANNOT, INTERRUPTED = 0, 1, 2, 77, 130
CSV_EVERY_S = 1.0


def options(argv):
    p = argparse.ArgumentParser(
        prog="rig lab", description="Runs the points of an experiment and keeps their table.",
        epilog="The same command goes on where it was interrupted. Exit status: 0 all points passed, 1 "
        "some did not, 2 the file makes no sense, 77 this machine cannot, 130 interrupted.")
    p.add_argument("file", metavar="FILE.toml", help="the experiment (docs/lab.md)")
    p.add_argument("--engine", choices=("virtual", "wire", "netem"), default="virtual",
                   help="virtual time (default), namespaces with the wire's links, or with the kernel's")
    p.add_argument("--out", metavar="DIR", help="where results are and go (default: NAME.lab)")
    p.add_argument("-j", dest="jobs", type=int, metavar="N",
                   help="points at once (default: the idle cores; 1 on a wire)")
    p.add_argument("--point", type=int, metavar="N", help="only that point: run again and compared with "
                   "the table if it is there")
    p.add_argument("--series", action="store_true", help="keep series.jsonl of each point run")
    p.add_argument("--capture", action="store_true", help="keep captures of each point run")
    p.add_argument("--list", action="store_true", help="the points and what has become of them; run none")
    p.add_argument("--dry-run", action="store_true", help="check the file and say what would run")
    p.add_argument("--executor", choices=("local", "slurm", "parallel"), default="local",
                   help="where points run: here (default), as a Slurm job array, by GNU parallel")
    p.add_argument("--sshlogin", metavar="LIST", help="hosts for --executor parallel, as its own option")
    p.add_argument("--timeout", type=float, metavar="S", help="seconds of the machine's time that a point "
                   "may take (default: in virtual time any; on a wire three times its own and two minutes)")
    p.add_argument("--json", action="store_true", help="the summary, or the list, as JSON")
    opts = p.parse_args(argv)
    if opts.jobs is not None and opts.jobs < 1:
        p.error(f"-j {opts.jobs}: at least 1")
    if opts.timeout is not None and opts.timeout <= 0:
        p.error(f"--timeout {opts.timeout:g}: above 0")
    if opts.sshlogin and opts.executor != "parallel":
        p.error("--sshlogin belongs to --executor parallel")
    return opts


class Run:
    """One call of rig lab on one file."""

    def __init__(self, opts):
        self.opts = opts
        self.lab = lab_read.read(opts.file)
        lab_table.check(self.lab)
        self.build = lab_run.version(opts.engine)
        self.points = lab_points.points(self.lab, opts.engine, self.build)
        lab_run.check(self.lab, opts.engine, self.points)
        self.out = os.path.abspath(opts.out or f"{self.lab.lab['name']}.lab")
        if os.path.exists(self.out) and not os.path.isdir(self.out):
            raise lab_read.LabError(f"--out {self.out} is no directory; name one, or what is not there yet")
        self.store = lab_store.Store(self.out)
        self.table = lab_table.Table(self.out, self.lab, opts.engine, self.build, self.points)
        self.written = 0.0
        self.behind = False  # the table on disk, of that in memory

    # ---- what is there -----------------------------------------------------------------------

    def load(self):
        """Reads what has been run; returns the points that are still to be."""
        todo = []
        for point in self.points:
            done = self.store.done(point.number, point.key)
            if done:
                self.table.put(point.number, *done)
            elif point.skip:
                continue
            else:
                failed = self.store.failed(point.number, point.key)
                if failed:
                    self.table.put(point.number, None, failed)
                todo.append(point)
        return todo

    def prepare(self):
        """The directory as this file has it; returns the points to run."""
        self.store.open(len(self.points))
        stale = self.store.arrange(self.points)
        with lab_store.named(self.out):
            shutil.copyfile(self.opts.file, os.path.join(self.out, "lab.toml"))
        lab_store.write(os.path.join(self.out, "lab.json"), json.dumps({
            "format": 1, "name": self.lab.lab["name"], "about": self.lab.lab.get("about", ""),
            "engine": self.opts.engine, "version": self.build, "factors": self.lab.factors,
            "fixed": self.lab.fixed, "seeds": lab_read.seeds(self.lab), "points": len(self.points),
            "columns": self.table.columns}, indent=1) + "\n")
        todo = self.load()
        if stale:
            print(f"rig lab: {stale} results in {self.out} are of another build or another form of the "
                  f"file: kept aside in points/kept.*, not in the table", file=sys.stderr)
        return todo

    # ---- the table's files -------------------------------------------------------------------

    def save(self, numbers=None, now=True):
        """Writes both files; CSV now and then only, unless `now`. On a full disk what is in memory waits for
        the end, where the reserve makes room."""
        for _ in range(2):
            try:
                self.table.write_sqlite(None if self.behind else numbers)
                if now or time.monotonic() - self.written > CSV_EVERY_S:
                    self.table.write_csv()
                    self.written = time.monotonic()
                self.behind = False
                return True
            except OSError as error:
                self.behind = True
                if now and not self.store.give_reserve():
                    print(f"rig lab: the table could not be written: {error}", file=sys.stderr)
                    return False
                if not now:
                    return False
        return False

    # ---- running -----------------------------------------------------------------------------

    def go(self):
        todo = self.prepare()
        self.save()
        jobs = self.opts.jobs or (1 if self.opts.engine != "virtual" else max(1, lab_run.idle_cores()))
        progress = lab_progress.Progress(len(todo), jobs)
        there = len(self.points) - len(todo) - self.table.count("skip")
        if there and todo:
            progress.note(f"{there} of {len(self.points)} points are there already")

        def ended(point, result, run, lasted):
            one = self.table.put(point.number, result, run)
            self.save([point.number], now=False)
            progress.ended(one, point.label, lasted)

        executor = self.executor(jobs)
        try:
            executor.run(todo, ended, progress.tick)
        except KeyboardInterrupt:
            progress.end()
            self.save()
            self.store.close()
            left = self.table.count("pending")
            print(f"rig lab: interrupted; {left} points are left, the same command goes on",
                  file=sys.stderr)
            return INTERRUPTED
        progress.end()
        saved = self.save()
        self.store.close()
        return self.summary() if saved else FAILED

    @property
    def keep(self):
        """What a run of a point is told beside the point."""
        return {"series": self.opts.series, "capture": self.opts.capture, "timeout": self.opts.timeout}

    def executor(self, jobs):
        if self.opts.executor == "local":
            return lab_run.Local(self.store, self.opts.engine, self.build, jobs, self.keep)
        from . import lab_jobs
        make = lab_jobs.Slurm if self.opts.executor == "slurm" else lab_jobs.Parallel
        return make(self.store, self.opts.engine, self.build, self.opts.jobs, self.keep,
                    self.opts.sshlogin)

    def skipped(self):
        """Why points are not for this engine, and how many."""
        return collections.Counter(point.skip for point in self.points if point.skip)

    def summary(self):
        kinds = ("pass", "fail", "error", "skip", "pending")
        count = {kind: self.table.count(kind) for kind in kinds}
        bad = [one for _, one in sorted(self.table.rows.items())
               if one["verdict"] in ("fail", "error", "pending")]
        if self.opts.json:
            print(json.dumps({"out": self.out, "points": len(self.points), **count,
                              "bad": [{k: one[k] for k in ("point", "verdict", "reason")}
                                      for one in bad]}, indent=1))
        else:
            print(", ".join(f"{n} {kind}" for kind, n in count.items() if n)
                  + f": {os.path.join(self.out, 'results.csv')}")
            for reason, count_of in self.skipped().items():
                print(f"  {count_of} skip: {reason}")
            for one in bad[:10]:
                print(f"  point {one['point']}  {self.points[one['point']].label}  {one['verdict']}: "
                      f"{one['reason']}")
            if len(bad) > 10:
                print(f"  and {len(bad) - 10} more")
        return FAILED if bad else OK

    # ---- one point again -----------------------------------------------------------------------

    def again(self):
        """--point N: runs it, and holds it against what the table has."""
        number = self.opts.point
        if not 0 <= number < len(self.points):
            raise lab_read.LabError(f"--point {number}: there are points 0 to {len(self.points) - 1}; "
                                    f"rig lab {self.opts.file} --list names them")
        point = self.points[number]
        if point.skip:
            print(f"rig lab: point {number}: {point.skip}", file=sys.stderr)
            return CANNOT
        before = None
        if os.path.exists(os.path.join(self.out, "points")):
            before = self.store.done(number, point.key)
        if before is None:
            return self.first(point)
        with tempfile.TemporaryDirectory(prefix="again.", dir=self.out) as work:
            return self.compare(point, before, work)

    def first(self, point):
        """A point that has not been run: the table gets it."""
        self.prepare()
        self.save()
        got = []
        self.executor(1).run([point], lambda *what: got.append(what), lambda running: None)
        _, result, run, lasted = got[0]
        one = self.table.put(point.number, result, run)
        self.save()
        self.store.close()
        print(f"point {point.number}  {point.label}  {one['verdict']}"
              + (f": {one['reason']}" if one["reason"] else "")
              + f"  {lab_progress.rate(one.get('goodput_bps'))} ({lasted:.1f} s): "
              + self.store.path(point.number))
        return OK if one["verdict"] == "pass" else FAILED

    def compare(self, point, before, work):
        from . import lab_again
        return lab_again.replay(self.store, point, self.opts.engine, self.build, before, work, self.keep,
                                self.opts.json)

    # ---- saying --------------------------------------------------------------------------------

    def list(self):
        if os.path.isdir(self.store.points):
            self.load()
        rows = [self.table.rows[point.number] for point in self.points]
        if self.opts.json:
            print(json.dumps([{"point": point.number, "key": point.key, "factors": point.factors,
                               "verdict": one["verdict"], "reason": one["reason"],
                               "spec": point.spec} for point, one in zip(self.points, rows)], indent=1))
            return OK
        for point, one in zip(self.points, rows):
            print(f"{point.number:5}  {point.label}  {one['verdict']}"
                  + (f": {one['reason']}" if one["verdict"] in ("error", "fail", "skip") else ""))
        return OK

    def dry(self):
        todo = self.load() if os.path.isdir(self.store.points) else \
            [point for point in self.points if not point.skip]
        virtual = sum(point.spec["duration"] for point in todo)
        print(f"{self.opts.file}: {len(self.points)} points, {len(todo)} to run, {virtual:g} s of "
              f"{'virtual' if self.opts.engine == 'virtual' else 'real'} time, into {self.out}")
        for reason, count in self.skipped().items():
            print(f"  {count} skip: {reason}")
        return OK


def main(argv):
    opts = options(argv)
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        run = Run(opts)
        if opts.list:
            return run.list()
        if opts.dry_run:
            return run.dry()
        if opts.point is not None:
            return run.again()
        return run.go()
    except lab_read.LabError as error:
        print(f"rig lab: {error}", file=sys.stderr)
        return BAD
    except CannotRun as error:
        print(f"rig lab: {error}", file=sys.stderr)
        return CANNOT
    except lab_store.Busy as error:
        print(f"rig lab: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        print(f"rig lab: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
