# SPDX-License-Identifier: BSD-2-Clause
"""The manual pages name what the programs' --help names: every option and command, no other; and
libphantom(3) names functions that the header has.
"""

import glob
import os
import re
import subprocess
import sys

from lint import SRCDIR, Tap, read

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
COMMAND = re.compile(r"^  ([a-z_]+) ", re.M)


def page(name):
    """The text of a page: roff's escapes and font requests undone as far as words go."""
    text = read(f"docs/man/{name}")
    text = re.sub(r'^\.\\".*$', "", text, flags=re.M)
    text = re.sub(r"\\f[BIRP]|\\\|", "", text)
    text = re.sub(r"^\.(?!S[HS] )[A-Z]{1,2} ", "", text, flags=re.M)
    return text.replace(r"\-", "-")


def help_of(*command):
    run = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    return run.stdout


def compare(tap, title, said, written, where):
    wrong = [f"{word} is in --help and not in {where}" for word in sorted(said - written)]
    wrong += [f"{word} is in {where} and not in --help" for word in sorted(written - said)]
    tap.row(title, wrong)


def phantom(tap):
    text, ctl = help_of("./phantom"), help_of("./phantom", "ctl")
    written = page("phantom.1")
    compare(tap, "phantom(1) has the options of phantom --help",
            set(OPTION.findall(text + ctl)), set(OPTION.findall(written)), "phantom.1")
    tap.row("phantom(1) has the commands of phantom ctl",
            [f"{name} is missing" for name in COMMAND.findall(ctl)
             if not re.search(rf"\b{name}\b", written.split(".SH CONTROL")[1])])


def rig(tap):
    text = help_of("./rig")
    commands = COMMAND.findall(text)
    written = page("rig.1")
    body = written.split(".SH COMMANDS")[1].split(".SH")[0]
    tap.row("rig(1) has the commands of rig --help",
            [f"{name} is missing" for name in commands
             if not re.search(rf"^{name}\b", body, re.M)])
    said = set().union(*(OPTION.findall(help_of("./rig", name)) for name in commands))
    compare(tap, "rig(1) has the options of its commands", said - {"--help"},
            set(OPTION.findall(body)), "rig.1")


def agent(tap, name="rig-agent"):
    compare(tap, f"{name}(1) has the options of {name} --help",
            set(OPTION.findall(help_of(f"./{name}"))), set(OPTION.findall(page(f"{name}.1"))),
            f"{name}.1")


def library(tap):
    headers = glob.glob(os.path.join(SRCDIR, "stack/include/phantom/*.h"))
    public = "".join(read(os.path.relpath(path, SRCDIR)) for path in headers)
    has = set(re.findall(r"\b(ph_\w+)\(", public))
    has |= set(re.findall(r"\bstruct (ph_\w+)", public))
    has |= set(re.findall(r"\b(ph_link|ph_socket)\b", public))
    named = set(re.findall(r"\b(ph_\w+)", page("libphantom.3")))
    tap.row("libphantom(3) names nothing that phantom.h lacks", sorted(named - has))


def main():
    tap = Tap()
    for name, check in (("phantom", phantom), ("rig", rig), ("rig-agent", agent)):
        if os.path.exists(name):
            check(tap)
        else:
            tap.row(f"{name}(1) agrees with {name} --help", [f"./{name} was not built"])
    if os.path.exists("rig-lwip-agent"):  # where lwIP was found
        agent(tap, "rig-lwip-agent")
    library(tap)
    return tap.done()


sys.exit(main())
