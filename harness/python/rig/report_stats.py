# SPDX-License-Identifier: BSD-2-Clause
"""What is said of a measure over its seeds: the median, and how well it is known.

From ENOUGH seeds on: the 95 % interval of the bootstrap (percentiles of the medians of RESAMPLES
samples drawn with replacement, by a generator of fixed seed, so that a report is the same each time).
Below that no 95 % can be had from the seeds: the range is shown, and said to be one. Called by
report_plots.py.
"""

import collections
import functools
import random

ENOUGH = 6  # the range of six holds the median with 97 %, that of five with 94 %
RESAMPLES = 2000
SEED = 20  # of the generator
LEVEL = 0.95


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


@functools.lru_cache(maxsize=None)
def _medians(count):
    """How often each pair of ranks stands in the middle of a sample: {(i, j): times}."""
    draw = random.Random(SEED)
    middle = count // 2
    pairs = collections.Counter()
    for _ in range(RESAMPLES):
        ranks = sorted(draw.randrange(count) for _ in range(count))
        pairs[ranks[middle if count % 2 else middle - 1], ranks[middle]] += 1
    return dict(pairs)


def band(values):
    """(low, high) around the median."""
    values = sorted(values)
    if len(values) < ENOUGH:
        return values[0], values[-1]
    found = sorted(((values[i] + values[j]) / 2, times)
                   for (i, j), times in _medians(len(values)).items())
    tail = RESAMPLES * (1 - LEVEL) / 2
    return _at(found, tail), _at(list(reversed(found)), tail)


def _at(found, tail):
    seen = 0
    for value, times in found:
        seen += times
        if seen > tail:
            return value
    return found[-1][0]


def words(counts, of="seeds", lines=True):
    """What the bands of a plot are, for groups of so many values; without lines they are bars."""
    counts = {n for n in counts if n > 0}
    if not counts:
        return "no values"
    few, many = {n for n in counts if 1 < n < ENOUGH}, {n for n in counts if n >= ENOUGH}
    said, band = [], "band" if lines else "bar"
    if many:
        said.append(f"{band}: 95 % bootstrap interval of the median over {_many(many)} {of} ({RESAMPLES} "
                    f"resamples, generator seeded)")
    if few:
        said.append(f"{'where fewer' if many else band}: smallest to largest of {_many(few)} {of}")
    if counts == {1}:
        return "one value each: no band"
    return f"{'line' if lines else 'mark'}: median; " + "; ".join(said)


def _many(counts):
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"
