# SPDX-License-Identifier: BSD-2-Clause
"""One point run again and held against the table: in virtual time bit for bit, by its digest and its
result.json; on a wire verdict for verdict: the links' recorded fates are replayed, and frame n of each
direction must meet the fate it met. Series and captures of the second run are put beside the first's
result. Called by lab.py for --point; the files of verdicts by lab_wire.py.
"""

import contextlib
import glob
import gzip
import json
import os
import re
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
    if engine == "wire":
        keep = {**keep, "replay": store.path(point.number)}
    lab_run.Local(Beside(work), engine, build, 1, keep).run(
        [point], lambda *what: got.append(what), lambda running: None)
    _, result, run, lasted = got[0]
    if result is None:
        print(f"rig lab: point {point.number}: {run['error']}", file=sys.stderr)
        return FAILED
    path = os.path.join(work, f"{point.number:04d}")
    differs, frames = (difference(before[0], result), 0) if engine == "virtual" else \
        verdicts(store.path(point.number), path)
    kept = keep_beside(path, store.path(point.number), differs) \
        if keep.get("series") or keep.get("capture") else []
    told = {"point": point.number, "same": not differs, "difference": differs,
            "digest": {"table": before[0].get("digest"), "now": result.get("digest")},
            "kept": kept}
    if as_json:
        print(json.dumps(told, indent=1))
    else:
        rate = lab_progress.rate(result.get("goodput_bps"))
        print(f"point {point.number}  {point.label}  {result['verdict']}  {rate} ({lasted:.1f} s)")
        print(f"not the run of the table: {differs}" if differs else same(engine, result, before[0], frames))
        for name in kept:
            print(f"  {name}")
    return FAILED if differs else OK


def same(engine, result, before, frames):
    if engine == "virtual":
        return f"bit for bit the run of the table: digest {result['digest']}"
    rates = f"{lab_progress.rate(result.get('goodput_bps'))}, the table's " \
            f"{lab_progress.rate(before.get('goodput_bps'))}"
    if engine == "netem":
        return f"netem keeps no verdicts to be held against: {rates}"
    return f"verdict for verdict the run of the table: {frames} frames met the fate they had; {rates}"


def difference(before, now):
    """What of result.json is otherwise, in a sentence; "" if nothing is."""
    if before.get("digest") != now.get("digest"):
        return f"digest {now.get('digest')}, the table's is {before.get('digest')}"
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            return f"{name} is {now.get(name)!r}, the table's is {before.get(name)!r}"
    return ""


def pack(path, to):
    """The verdicts of a run; none where the link never began."""
    if os.path.exists(path):
        with open(path, "rb") as source, open(to, "wb") as file, \
                gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            shutil.copyfileobj(source, packed)


def unpack(path, to):
    with gzip.open(path, "rb") as packed, open(to, "wb") as file:
        shutil.copyfileobj(packed, file)


def fates(path):
    """{direction: [what became of frame 1, 2 ...]} of a file of verdicts; sizes and times are the
    run's own."""
    out = {}
    with gzip.open(path, "rt", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[:1] == ["begin"]:
                out[words[1]] = []
            elif words:
                out.setdefault(words[0], []).append(re.sub(r"\bat \d+ ?", "", " ".join(words[3:])).strip())
    return out


def verdicts(before, now):
    """Where two runs on a wire differ, in a sentence, or ""; and how many frames were held together. A run
    may have had more frames than the other: of those there is nothing to compare."""
    count = 0
    for path in sorted(glob.glob(os.path.join(before, "*.verdicts.gz"))):
        name = os.path.basename(path).removesuffix(".verdicts.gz")
        other = os.path.join(now, os.path.basename(path))
        if not os.path.exists(other):
            return f"{name} has no verdicts now", count
        mine = fates(other)
        for way, had in fates(path).items():
            for number, (was, fate) in enumerate(zip(had, mine.get(way, [])), 1):
                if was != fate:
                    return (f"{name} {way}, frame {number}: {fate or 'delivered'}, the table's is "
                            f"{was or 'delivered'}"), count
                count += 1
    return "", count


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
