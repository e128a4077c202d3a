# SPDX-License-Identifier: BSD-2-Clause
"""The ids that tests and tables name are those of docs/rfc: a wrong one would show nothing. And what
docs/defects.md says would catch a defect is there.
"""

import os
import re
import sys

from lint import SRCDIR, Tap, files, read

sys.path.insert(0, os.path.join(SRCDIR, "harness/python"))
# pylint: disable=wrong-import-position
from rig import claims  # noqa: E402


DEFECTS = "docs/defects.md"


def gone_catchers():
    """What stands in the last column of the defects and is not there."""
    out, named = [], 0
    for row in read(DEFECTS).splitlines():
        if not row.startswith("|") or row.startswith(("|---", "| defect |")):
            continue
        catchers = re.findall(r"`([^`:]+)(?:: (\w+))?`", row.rsplit("|", 2)[1])
        named += len(catchers)
        if not catchers:
            out.append(f"{DEFECTS}: nothing catches:{row.split('|')[1]}")
        for path, test in catchers:
            if not os.path.exists(os.path.join(SRCDIR, path)):
                out.append(f"{DEFECTS}: {path} is not there")
            elif test and not re.search(rf"\b{test}\(", read(path)):
                out.append(f"{DEFECTS}: {path} has no {test}")
    return out if named else [f"{DEFECTS}: no row was read"]


def marked():
    """Every id that a script, a scenario or a unit test says it shows."""
    shown = {name for path in files((".pkt",), ("scenarios",))
             for name in claims.of_script(os.path.join(SRCDIR, path))}
    shown |= {name for path in files((".py",), ("scenarios",))
              for name in claims.of_scenario(os.path.join(SRCDIR, path))}
    shown |= {name for path in files((".c",), ("tests/unit",))
              for names in claims.of_unit_tests(os.path.join(SRCDIR, path)).values()
              for name in names}
    return shown


def not_borne():
    """Attacks that neither a test names nor attacks.md, and names there that it should not have."""
    shown = marked()
    excused = claims.not_shown(SRCDIR)
    out = [f"{claims.BORNE}: {name} is shown by a test" for name in sorted(shown & set(excused))]
    for row in claims.table(SRCDIR, claims.ATTACKS):
        names = set(claims.names_of(row))
        if not names & (shown | set(excused)):
            out.append(f"{claims.ATTACKS}: no test shows {row['id']}; nor says {claims.BORNE} why")
    return out


def main():
    tap = Tap()
    known = claims.known(SRCDIR)

    def unknown(pairs):
        return [f"{where}: no requirement or attack {name}; docs/rfc has them"
                for where, name in pairs if name not in known]

    tap.row("scripts name requirements that there are", unknown(
        (path, name) for path in files((".pkt",), ("scenarios",))
        for name in claims.of_script(os.path.join(SRCDIR, path))))
    tap.row("unit tests name requirements that there are", unknown(
        (f"{path}: {test}", name) for path in files((".c",), ("tests/unit",))
        for test, names in claims.of_unit_tests(os.path.join(SRCDIR, path)).items()
        for name in names))
    deviates, hidden = claims.deviations(SRCDIR), claims.unobservable(SRCDIR)
    tap.row("deviations name requirements that there are",
            unknown((claims.DEVIATIONS, name) for name in deviates))
    tap.row("what cannot be observed names requirements that there are, and says why",
            unknown((claims.UNOBSERVABLE, name) for name in hidden)
            + [f"{claims.UNOBSERVABLE}: {name} has no reason" for name, why in hidden.items()
               if not why.strip()]
            + [f"{claims.UNOBSERVABLE}: {name} is a deviation too" for name in hidden
               if name in deviates])
    tap.row("what cannot be observed is not shown by a test", [
        f"{claims.UNOBSERVABLE}: {name} is shown by a test" for name in sorted(marked() & set(hidden))])
    tap.row("what catches a defect is there", gone_catchers())
    tap.row("attacks are shown by tests, or it is said why not", not_borne())
    tap.row("what attacks.md excuses is in the table",
            unknown((claims.BORNE, name) for name in claims.not_shown(SRCDIR)))
    return tap.done()


sys.exit(main())
