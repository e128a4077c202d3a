# SPDX-License-Identifier: BSD-2-Clause
"""What a lab leaves in its directory, and how it is found again.

    DIR/lab.toml            the file as it was run          DIR/lab.json    its factors, for readers
    DIR/points/NNNN/        point.json, result.json, run.json; series.jsonl and *.pcapng where asked
    DIR/points/kept.KEY/    points of an earlier form of the file, should they come back
    DIR/results.csv, DIR/results.sqlite       a row a point (lab_table.py)

The directories of points are the truth: each appears by one rename when its run has ended, so a run
that was killed leaves nothing that could be taken for a result, and whoever runs a point (this
process, a job on another machine) merges by the same rename. A point is known by its key, not by its
number. Called by lab.py and by the jobs of lab_jobs.py.
"""

import contextlib
import errno
import fcntl
import glob
import hashlib
import json
import os
import shutil
import signal

RUNNING = ".running"  # in the directory of a run under way; locked while it is
# Given back when the disk is full, so that the table can say so.
RESERVE_BYTES, RESERVE_OF_POINT = 2 << 20, 4 << 10


def write(path, text):
    """A file that is there whole or not at all."""
    part = f"{path}.part{os.getpid()}"
    with named(path):
        _write(path, part, text)


@contextlib.contextmanager
def named(path):
    """Gives an error of the disk, which Python leaves without one, the name of the file."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or path
        raise


def _write(path, part, text):
    try:
        with open(part, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def read_json(path):
    """The object in a file; None when it is not there or not whole."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def why_of(status, said, path=""):
    """A sentence for a program that did not end as it should; `said` is its standard error, `path` where
    it worked, which is no part of the sentence."""
    last = ([line for line in said.splitlines() if line.strip()] or [""])[-1].strip()
    last = last.removeprefix("rig sim: ").replace(path + os.sep, "") if path else last
    if status < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-status).name
            return f"the runner was ended by {name}" + (f": {last}" if last else "")
    return last or f"the runner ended with status {status} and said nothing"


def _is_held(path):
    """Whether a process, in whatever namespace, holds the lock on a file."""
    try:
        with open(path, "r+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _of_the_machine(result):
    """An error that another try may not meet: a device's program ended, the disk was full."""
    return result["verdict"] == "error" and (result.get("machine") or
                                             os.strerror(errno.ENOSPC) in result["reason"])


class Busy(Exception):
    """Two runs cannot share a directory."""


class Store:
    """The directory of one lab's results."""

    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        self.points = os.path.join(self.directory, "points")
        self.reserve = os.path.join(self.directory, ".reserve")
        self.lock, self.held = None, {}

    def open(self, points):
        """Takes the directory: Busy when another process works in it. Room for a table of so many points is
        set aside."""
        os.makedirs(self.points, exist_ok=True)
        self.lock = open(os.path.join(self.directory, ".lock"), "w", encoding="ascii")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another rig lab is at work in {self.directory}") from None
        if not os.path.exists(self.reserve):
            room = RESERVE_BYTES + points * RESERVE_OF_POINT
            try:
                with open(self.reserve, "wb") as file:
                    os.posix_fallocate(file.fileno(), 0, room)
            except OSError as error:
                with contextlib.suppress(OSError):
                    os.unlink(self.reserve)
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise OSError(error.errno, f"{error.strerror}: the table of {points} points wants "
                                  f"{room / 1e6:.1f} MB before any is run", self.directory) from None
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                    raise

    def give_reserve(self):
        """Room for the table where the disk is full; False when there is none left to give."""
        try:
            os.unlink(self.reserve)
        except OSError:
            return False
        return True

    def close(self):
        self.give_reserve()

    def path(self, number):
        return os.path.join(self.points, f"{number:04d}")

    # ---- what is there -----------------------------------------------------------------------

    def done(self, number, key):
        """The point's (result, run) if it has been run under that key, else None."""
        run = read_json(os.path.join(self.path(number), "run.json"))
        if not run or run.get("key") != key:
            return None
        result = read_json(os.path.join(self.path(number), "result.json"))
        return (result, run) if result and not _of_the_machine(result) else None

    def failed(self, number, key):
        """The run.json of an attempt that gave no result, or None."""
        run = read_json(os.path.join(self.path(number), "run.json"))
        if not run or run.get("key") != key or "error" in run:
            return run if run and run.get("key") == key else None
        result = read_json(os.path.join(self.path(number), "result.json"))
        return {**run, "error": result["reason"]} if result and _of_the_machine(result) else None

    def arrange(self, points):
        """Gives what was run before the numbers that the points have now; clears what was left
        half done by this host's ended processes. Returns how many results are of another build."""
        self._clear_parts()
        have, stale = {}, 0
        for path in glob.glob(os.path.join(self.points, "*")):
            run = read_json(os.path.join(path, "run.json"))
            if run and os.path.isdir(path):
                have[run["key"]] = path
        wanted = {point.key: point for point in points}
        moves = []
        for key, path in have.items():
            name = os.path.basename(path)
            to = f"{wanted[key].number:04d}" if key in wanted else f"kept.{key}"
            stale += key not in wanted and not name.startswith("kept.")
            if name != to:
                moves.append((path, os.path.join(self.points, f"moving.{key}"),
                              os.path.join(self.points, to)))
        for path, between, _ in moves:
            os.rename(path, between)
        for _, between, to in moves:
            shutil.rmtree(to, ignore_errors=True)
            os.rename(between, to)
        for point in points:
            if point.key in have:
                write(os.path.join(self.path(point.number), "point.json"),
                      json.dumps(point.spec, indent=1) + "\n")
        return stale

    def _clear_parts(self):
        for path in glob.glob(os.path.join(self.points, "*.new.*")):
            host = path.rpartition(".new.")[2].rpartition(".")[0]
            if host == os.uname().nodename and not _is_held(os.path.join(path, RUNNING)):
                shutil.rmtree(path, ignore_errors=True)
        for path in glob.glob(os.path.join(self.directory, "again.*")):
            if not any(map(_is_held, glob.glob(os.path.join(path, "*", RUNNING)))):
                shutil.rmtree(path, ignore_errors=True)
        for path in glob.glob(os.path.join(self.points, "moving.*")):
            os.rename(path, path.replace("moving.", "kept."))

    # ---- a run -------------------------------------------------------------------------------

    def begin(self, number, spec):
        """A directory for a run under way, with its point.json."""
        path = f"{self.path(number)}.new.{os.uname().nodename}.{os.getpid()}"
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        self.held[path] = open(os.path.join(path, RUNNING), "w", encoding="ascii")
        fcntl.flock(self.held[path], fcntl.LOCK_EX)
        write(os.path.join(path, "point.json"), json.dumps(spec, indent=1) + "\n")
        return path

    def end(self, number, path, key, facts, status, said):
        """A run has ended: its directory takes its place. Returns run.json's object."""
        result = read_json(os.path.join(path, "result.json"))
        run = {"key": key, **facts}
        if result is None or status not in (0, 1):
            run["error"] = why_of(status, said, path)
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(path, "result.json"))
        captures = sorted(glob.glob(os.path.join(path, "*.pcapng")))
        if captures:
            run["captures"] = {os.path.basename(one): sha256(one) for one in captures}
        write(os.path.join(path, "run.json"), json.dumps(run, indent=1) + "\n")
        self._let_go(path)
        self._place(path, number, run)
        return run

    def put_error(self, number, run):
        """Marks a point that could not even be begun."""
        with contextlib.suppress(OSError):
            path = f"{self.path(number)}.new.{os.uname().nodename}.{os.getpid()}"
            os.makedirs(path, exist_ok=True)
            write(os.path.join(path, "run.json"), json.dumps(run, indent=1) + "\n")
            self._place(path, number, run)

    def _place(self, path, number, run):
        """One rename. Who comes second with the same point leaves what is there; what is there of
        another key, or a mark of failure, goes."""
        to = self.path(number)
        while True:
            try:
                os.rename(path, to)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            if self.done(number, run["key"]):
                self.drop(path)
                return
            old = f"{path}.old"
            with contextlib.suppress(FileNotFoundError):
                os.rename(to, old)
            self.drop(old)

    def _let_go(self, path):
        """The run in this directory is no longer under way."""
        if path in self.held:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(path, RUNNING))
            self.held.pop(path).close()

    def drop(self, path):
        self._let_go(path)
        shutil.rmtree(path, ignore_errors=True)
