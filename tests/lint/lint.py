# SPDX-License-Identifier: BSD-2-Clause
"""What the lint checks share: the file list, C with its comments blanked, and TAP rows.

A check is called in the build directory with SRCDIR in the environment; it prints TAP, where a
failing row is followed by what was wrong, a line for each offence.
"""

import os
import re

SRCDIR = os.environ.get("SRCDIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))

C_DIRS = ("stack", "netns", "harness", "tests")


class Tap:
    """Counts rows as they are printed; done() prints the plan."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def row(self, name, offences):
        self.count += 1
        self.failed += bool(offences)
        print(f"{'not ok' if offences else 'ok'} {self.count} - {name}")
        for line in offences:
            print(f"#   {line}")

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}")

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def files(suffixes, dirs=C_DIRS, root=SRCDIR):
    """Paths relative to root of the files under dirs that end in one of suffixes, sorted."""
    found = []
    for top in dirs:
        for here, subdirs, names in os.walk(os.path.join(root, top)):
            subdirs[:] = [d for d in subdirs if not d.startswith((".", "__", "build"))]
            found += [os.path.relpath(os.path.join(here, n), root)
                      for n in names if n.endswith(suffixes) and not n.startswith(".")]
    return sorted(found)


def read(path, root=SRCDIR):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


_TOKEN = re.compile(
    r"""//(?:\\\n|[^\n])*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def blank(text, keep_strings=False):
    """The same text, same length and lines, with comments and strings turned to spaces."""
    def spaces(match):
        token = match.group()
        if keep_strings and token[0] in "\"'":
            return token
        return re.sub(r"[^\n]", " ", token)
    return _TOKEN.sub(spaces, text)
