# SPDX-License-Identifier: BSD-2-Clause
"""One point as a job of another scheduler: reads DIR/jobs/NNNN.json, runs the point, and puts it in its
place by one rename. A point that is there already is left alone, so a job that is run twice, or again
after its node has died, changes nothing. Started by what lab_jobs.py submits:

    python3 -m rig.lab_job DIR NUMBER

Exit status 0 when the point has its place, whatever its verdict; anything else means: try again.
"""

import os
import signal
import sys

from . import lab_run, lab_store
from .lab_points import Point
from .session import CannotRun


def job_path(directory, number):
    return os.path.join(directory, "jobs", f"{number:04d}.json")


class Ended(Exception):
    """The scheduler takes the job away."""


def _ended(*_):
    raise Ended


def run(directory, number):
    job = lab_store.read_json(job_path(directory, number))
    if job is None:
        print(f"rig lab job: {job_path(directory, number)} is not there: is {directory} on a file system "
              f"that this host has?", file=sys.stderr)
        return 1
    store = lab_store.Store(directory)
    if store.done(number, job["key"]):
        return 0
    point = Point(number, {}, job["spec"], "", job["key"])
    try:
        build = lab_run.version(job["engine"])
        if build != job["version"]:
            raise CannotRun(f"{os.uname().nodename} has build {build} of the programs, and the lab was "
                            f"begun with {job['version']}: install the same one there")
        child = lab_run.Child(store, point, job["engine"], job["options"])
    except CannotRun as error:
        store.put_error(number, {"key": job["key"], "error": str(error)})
        return 0
    try:
        child.wait()
    except Ended:
        child.abandon()
        return 143
    child.end(job["engine"], build)
    return 0


def main(argv):
    signal.signal(signal.SIGTERM, _ended)
    signal.signal(signal.SIGINT, _ended)
    try:
        return run(argv[0], int(argv[1]))
    except Ended:
        return 143
    except OSError as error:
        print(f"rig lab job: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
