# SPDX-License-Identifier: BSD-2-Clause
"""One point run again and held against the table: in virtual time bit for bit, by its digest and its
result.json; on a wire verdict for verdict, frame by frame of each impaired direction. Series and
captures of the second run are put beside the first's result. Called by lab.py for --point.
"""

import contextlib
import glob
import json
import os
import shutil
import sys

from . import lab_progress, lab_run, lab_store

OK, FAILED = 0, 1


class Beside(lab_store.Store):
    """A store whose runs end in a directory of their own, away from the table's."""

    def __init__(self, work):
        super().__init__(work)
        self.points = work


def replay(store, point, engine, build, before, work, keep, as_json):
    got = []
    lab_run.Local(Beside(work), engine, build, 1, keep).run(
        [point], lambda *what: got.append(what), lambda running: None)
    _, result, run, lasted = got[0]
    if result is None:
        print(f"rig lab: point {point.number}: {run['error']}", file=sys.stderr)
        return FAILED
    path = os.path.join(work, f"{point.number:04d}")
    differs = difference(before[0], result) if engine == "virtual" else verdicts(before[0], result)
    kept = keep_beside(path, store.path(point.number), differs) if any(keep.values()) else []
    told = {"point": point.number, "same": not differs, "difference": differs,
            "digest": {"table": before[0].get("digest"), "now": result.get("digest")},
            "kept": kept}
    if as_json:
        print(json.dumps(told, indent=1))
    else:
        rate = lab_progress.rate(result.get("goodput_bps"))
        print(f"point {point.number}  {point.label}  {result['verdict']}  {rate} ({lasted:.1f} s)")
        print(f"not the run of the table: {differs}" if differs else same(engine, result))
        for name in kept:
            print(f"  {name}")
    return FAILED if differs else OK


def same(engine, result):
    if engine == "virtual":
        return f"bit for bit the run of the table: digest {result['digest']}"
    return f"verdict for verdict the run of the table: {result.get('replayed', 0)} frames had the fate " \
           f"they had"


def difference(before, now):
    """What of result.json is otherwise, in a sentence; "" if nothing is."""
    if before.get("digest") != now.get("digest"):
        return f"digest {now.get('digest')}, the table's is {before.get('digest')}"
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            return f"{name} is {now.get(name)!r}, the table's is {before.get(name)!r}"
    return ""


def verdicts(before, now):
    """On a wire times differ from run to run; the verdict of a link on its n-th frame must not."""
    mine = {link["name"]: link for link in now.get("fates") or []}
    for link in before.get("fates") or []:
        other = mine.get(link["name"])
        if other is None:
            return f"{link['name']} has no verdicts now"
        count = min(len(link["list"]), len(other["list"]))
        for number in range(count):
            if link["list"][number] != other["list"][number]:
                return (f"{link['name']}, frame {number + 1}: {other['list'][number]}, the table's is "
                        f"{link['list'][number]}")
    return ""


def keep_beside(path, to, differs):
    """Moves series and captures to the point's directory, unless they are another run's."""
    if differs:
        return []
    kept = []
    for source in sorted(glob.glob(os.path.join(path, "*.pcapng")) + [os.path.join(path, "series.jsonl")]):
        if os.path.exists(source):
            target = os.path.join(to, os.path.basename(source))
            shutil.move(source, target)
            kept.append(target)
    captures = [one for one in kept if one.endswith(".pcapng")]
    if captures:
        with contextlib.suppress(OSError):
            run = lab_store.read_json(os.path.join(to, "run.json"))
            run["captures"] = {os.path.basename(one): lab_store.sha256(one) for one in captures}
            lab_store.write(os.path.join(to, "run.json"), json.dumps(run, indent=1) + "\n")
    return kept
