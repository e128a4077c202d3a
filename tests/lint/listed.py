# SPDX-License-Identifier: BSD-2-Clause
"""Each source file is named in its directory's local.mk: what is not is neither built nor
distributed, and nobody notices until the release.
"""

import os
import re
import sys

from lint import SRCDIR, Tap, files, read

DIRS = ("stack", "netns", "harness", "tests/unit")
# Installed as they are.
DATA_DIRS = ("netns", "harness")


def listed():
    """Every path named in a local.mk, with %D% replaced by its directory."""
    named, whole = set(), []
    for path in files(("local.mk",), ("stack", "netns", "harness", "scenarios", "tests", "docs")):
        text = read(path).replace("%D%", os.path.dirname(path))
        text = re.sub(r"#[^\n]*", "", text)
        words = text.split()
        named.update(words)
        whole += [w for w in words if os.path.isdir(os.path.join(SRCDIR, w))]
    return named, whole


def main():
    tap = Tap()
    named, whole = listed()
    missing = []
    for path in files((".c", ".h", ".def"), DIRS) + files((".py", ".topo"), DATA_DIRS):
        stem = path[:-2] if path.startswith("tests/unit/test_") and path.endswith(".c") else path
        if path in named or stem in named or path.startswith(tuple(w + "/" for w in whole)):
            continue
        missing.append(f"{path} is in no local.mk; add it to {path.split('/')[0]}'s")
    tap.row("each source file is in a local.mk", missing)
    gone = [f"{word} is listed and is not there" for word in sorted(named)
            if re.match(r"(?:stack|netns|harness|tests)/\S+\.(?:c|h|def)$", word)
            and not os.path.exists(os.path.join(SRCDIR, word))]
    tap.row("each listed source file is there", gone)
    return tap.done()


sys.exit(main())
