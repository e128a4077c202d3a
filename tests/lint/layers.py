# SPDX-License-Identifier: BSD-2-Clause
"""Every include keeps to the arrows: stack/LAYERS inside stack/, the table below outside.

Also shows that the check can fail, on small trees with one bad include each.
"""

import os
import re
import sys
import tempfile

from lint import SRCDIR, Tap, blank, files, read

# Which places each top directory may include; a place is a top directory or a layer of the stack.
# Layouts are nobody's logic, so the bench may read packets with the stack's own.
OUTSIDE = {
    "netns": {"netns"},
    "harness": {"harness", "netns", "stack/include", "stack/wire"},
}
OUTSIDE_FILES = {"harness": {"stack/base/be.h"}}

# What the stack below host/ may take from the system: nothing that needs one. errno.h is for its
# numbers; purity.py would see a use of errno itself.
FREESTANDING = {
    "assert.h", "errno.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h",
    "stddef.h", "stdint.h", "string.h",
}

SEARCH = ("stack/include", "stack", ".")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)


def load_layers(root):
    """stack/LAYERS as {layer: set of layers it may include}, itself among them."""
    layers = {}
    for number, line in enumerate(read("stack/LAYERS", root).splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, colon, rest = line.partition(":")
        if not colon:
            raise SystemExit(f'stack/LAYERS:{number}: "{line}" has no colon; write "layer: layers"')
        for below in rest.split():
            if below not in layers:
                raise SystemExit(f'stack/LAYERS:{number}: "{below}" is not a layer above this line')
        layers[name.strip()] = set(rest.split()) | {name.strip()}
    return layers


def place_of(path):
    """The place a file belongs to: "stack/tcp", "netns", "harness", "tests"."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "stack" and len(parts) > 2 else parts[0]


def resolve(path, name, root):
    """The file of ours that an include names, relative to root, or None."""
    for base in (os.path.dirname(path), *SEARCH):
        found = os.path.normpath(os.path.join(base, name))
        if os.path.isfile(os.path.join(root, found)):
            return found
    return None


def allowed(path, target, layers):
    """None if path may include target, or the sentence that says why not."""
    here, there = place_of(path), place_of(target)
    if here.startswith("stack/"):
        layer = here.split("/")[1]
        if layer not in layers:
            return f'layer "{layer}" is not in stack/LAYERS'
        may = {"stack/" + name for name in layers[layer]}
        if there not in may:
            return f"{layer} may include {', '.join(sorted(layers[layer]))}"
    elif here in OUTSIDE:
        if there not in OUTSIDE[here] and target not in OUTSIDE_FILES.get(here, ()):
            return f"{here} may include {', '.join(sorted(OUTSIDE[here]))}"
    return None


def offences(root):
    """(includes that break the arrows, system headers in the core), as sentences."""
    layers = load_layers(root)
    crossing, system = [], []
    for path in files((".c", ".h", ".def"), root=root):
        text = blank(read(path, root), keep_strings=True)
        for match in INCLUDE.finditer(text):
            kind, name = match.groups()
            where = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
            target = resolve(path, name, root)
            if target is None:
                core = place_of(path).startswith("stack/") and place_of(path) != "stack/host"
                if core and kind == "<" and name not in FREESTANDING:
                    system.append(f"{where}: <{name}>: the core may include "
                                  f"{', '.join(sorted(FREESTANDING))} of the system")
                continue
            why = allowed(path, target, layers)
            if why:
                crossing.append(f"{where}: includes {target}; {why}")
    return crossing, system


# One bad include each: file, its text, which list must name it.
BAD = (
    ("stack/wire/bad.c", '#include "tcp/ok.h"\n', 0),
    ("stack/base/bad.c", '#include "wire/ok.h"\n', 0),
    ("stack/tcp/bad.h", '#include "../sock/ok.h"\n', 0),
    ("stack/host/bad.c", '#include "tcp/ok.h"\n', 0),
    ("stack/net/bad.c", '#include "host/ok.h"\n', 0),
    ("stack/elsewhere/bad.c", '#include "base/ok.h"\n', 0),
    ("netns/bad.c", '#include <phantom/ok.h>\n', 0),
    ("netns/bad.c", '#include "harness/ok.h"\n', 0),
    ("harness/link/bad.c", '#include "tcp/ok.h"\n', 0),
    ("stack/tcp/bad.c", '#include "harness/ok.h"\n', 0),
    ("stack/tcp/bad.c", '/* why */ #include <time.h>\n', 1),
)
GOOD = (
    ("stack/tcp/good.c", '#include <phantom/ok.h>\n#include "net/ok.h"\n#include <stdint.h>\n'),
    ("stack/host/good.c", '#include "base/ok.h"\n#include <unistd.h>\n'),
    ("harness/rig/good.c", '#include "netns/ok.h"\n#include <phantom/ok.h>\n'),
    ("stack/base/good.c", '/* #include "tcp/ok.h" */\n#include "ok.h"\n'),
)


def tree_with(path, text, directory):
    """A tree of one header per place and one file more."""
    places = ["stack/include/phantom", "stack/base", "stack/wire", "stack/net", "stack/tcp",
              "stack/sock", "stack/host", "netns", "harness"]
    for place in places:
        os.makedirs(os.path.join(directory, place), exist_ok=True)
        with open(os.path.join(directory, place, "ok.h"), "w", encoding="utf-8"):
            pass
    with open(os.path.join(directory, "stack/LAYERS"), "w", encoding="utf-8") as f:
        f.write(read("stack/LAYERS"))
    os.makedirs(os.path.dirname(os.path.join(directory, path)), exist_ok=True)
    with open(os.path.join(directory, path), "w", encoding="utf-8") as f:
        f.write(text)


def self_test(tap):
    for path, text, which in BAD:
        with tempfile.TemporaryDirectory() as directory:
            tree_with(path, text, directory)
            found = offences(directory)
            bad = [] if len(found[which]) == 1 and not found[1 - which] else [
                f"{path} with {text!r} gave {found}"]
            tap.row(f"a bad include is refused: {path} {text.split()[-1]}", bad)
    missed = []
    for path, text in GOOD:
        with tempfile.TemporaryDirectory() as directory:
            tree_with(path, text, directory)
            missed += [f"{path}: {line}" for part in offences(directory) for line in part]
    tap.row("good includes are accepted", missed)


def main():
    tap = Tap()
    crossing, system = offences(SRCDIR)
    tap.row("every include keeps to its layer's arrows", crossing)
    tap.row("the core includes no system header", system)
    self_test(tap)
    return tap.done()


sys.exit(main())
