# SPDX-License-Identifier: BSD-2-Clause
"""Each source file opens with its licence and says what it decides; C is indented by tabs; no
space ends a line, and the last line ends.
"""

import re
import sys

from lint import Tap, files, read

SPDX = "/* SPDX-License-Identifier: BSD-2-Clause */\n"


def opening(path):
    text = read(path)
    if not text.startswith(SPDX):
        return f"{path}: begin with {SPDX.strip()}"
    if not re.match(r"\s*(?:/\*|//)", text[len(SPDX):]):
        return f"{path}: after the licence, say what the file decides and who calls it"
    return None


def whitespace(path):
    text = read(path)
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            yield f"{path}:{number}: space at the end of the line"
        if path.endswith((".c", ".h")) and line.startswith("    "):
            yield f"{path}:{number}: indented with spaces; use tabs"
    if text and not text.endswith("\n"):
        yield f"{path}: the last line does not end"


def main():
    tap = Tap()
    sources = files((".c", ".h", ".def"))
    tap.row("each file opens with its licence and its purpose",
            [x for x in map(opening, sources) if x])
    everything = files((".c", ".h", ".def", ".mk", ".py", ".sh", ".topo", ".pkt"),
                       ("stack", "netns", "harness", "tests", "scenarios", "docs"))
    tap.row("tabs, no trailing space, a newline at the end",
            [x for path in everything for x in whitespace(path)])
    return tap.done()


sys.exit(main())
