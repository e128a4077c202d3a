# SPDX-License-Identifier: BSD-2-Clause
"""docs/tcp-surface.md tells of every setting, option and counter of TCP, and truly: what it calls `works` is
in the sources, what it calls `never` no source raises, what it calls `absent` is not there.
"""

import re
import sys

from lint import Tap, files, read

DOC = "docs/tcp-surface.md"
WORDS = {"works", "kept", "fixed", "never", "absent"}


def rows(section):
    """Name, state and reason of each row below a heading."""
    text = read(DOC).split(f"\n## {section}\n", 1)
    if len(text) != 2:
        return []
    found = []
    for line in text[1].split("\n## ", 1)[0].splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            found.append((cells[0].strip("`"), cells[1], cells[2]))
    return found


def held(section, there, raised):
    """What is wrong with a table: `there` are the names of the sources, `raised` those that are used."""
    wrong, seen = [], set()
    for name, state, why in rows(section):
        where = f"{DOC}: {name}"
        if name in seen:
            wrong.append(f"{where} has two rows")
        seen.add(name)
        if state not in WORDS:
            wrong.append(f"{where} is \"{state}\"; say one of {', '.join(sorted(WORDS))}")
        if state != "works" and not why:
            wrong.append(f"{where} does not work, and no reason is given")
        if (state == "absent") == (name in there):
            wrong.append(f"{where} is {'there' if name in there else 'not there'}, and called {state}")
        if state != "absent" and (state == "never") == (name in raised):
            wrong.append(f"{where} is {'used' if name in raised else 'not used'}, and called {state}")
    wrong += [f"{DOC}: {name} has no row" for name in sorted(there - seen)]
    return wrong if seen else [f"{DOC}: no row below \"{section}\""]


def main():
    tap = Tap()
    number = "stack/include/phantom/number.h"
    source = "\n".join(read(p) for p in files((".c", ".h", ".def"), ("stack",))
                       if p not in ("stack/base/counter.def", number))
    settings = set(re.findall(r'"(net\.ipv4\.tcp_\w+)"', read("stack/base/sysctl.def")))
    counters = set(re.findall(r"^COUNTER\w*\((TcpExt\w+)", read("stack/base/counter.def"), re.M))
    options = set(re.findall(r"\bPH_(TCP_\w+) = \d", read(number)))
    tap.row("settings", held("Settings", settings, settings))
    tap.row("options", held("Options of SOL_TCP", options,
                            {o for o in options if re.search(rf"\bPH_{o}\b", source)}))
    tap.row("counters", held("Counters", counters,
                             {c for c in counters if re.search(rf"\b(?:C_)?{c}\b", source)}))
    return tap.done()


sys.exit(main())
