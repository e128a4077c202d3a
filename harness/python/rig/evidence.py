# SPDX-License-Identifier: BSD-2-Clause
"""What a failed scenario leaves: a directory with all one needs to see why and to run it again.

    failure.txt      the message
    transcript.topo  the session's lines, which `rig session` takes again
    *.pcapng         the bridge as captured
    dut.*            the device's output, its trace, counters before and after
    again            a command that runs this case alone

Called by plugin.py when a case fails, before its world goes.
"""

import json
import os
import shlex
import shutil
import stat
import sys

from .net import file_name

LARGE = 256 << 20  # a file of the run directory above this stays behind, and is named


class Evidence:
    """Where failures go, and how a case is run again."""

    def __init__(self, directory, rootdir, options):
        self.directory, self.rootdir, self.options = directory, rootdir, options

    def path(self, nodeid):
        return os.path.join(self.directory, file_name(nodeid.split("scenarios/", 1)[-1]))

    def forget(self, nodeid):
        """An earlier run's directory of this case says nothing about this one."""
        shutil.rmtree(self.path(nodeid), ignore_errors=True)

    def command(self, nodeid):
        words = ["env", "PYTHONDONTWRITEBYTECODE=1"]
        for name in ("RIG_BUILDDIR", "PATH"):
            value = os.environ.get(name)
            if value and name != "PATH":
                words.append(f"{name}={value}")
        words += [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-x",
                  *self.options, os.path.join(self.rootdir, nodeid)]
        return shlex.join(words)

    def collect(self, nodeid, text, session=None, dut=None):
        """Writes the directory; returns its path."""
        path = self.path(nodeid)
        os.makedirs(path, exist_ok=True)
        self._write(path, "failure.txt", text)
        self._write(path, "again", "#!/bin/sh\n" + self.command(nodeid) + "\n", 0o755)
        if session is not None:
            self._write(path, "transcript.topo", f"# {nodeid}\n# type it again: rig session < "
                        f"{shlex.quote(os.path.join(path, 'transcript.topo'))}\n" + session.text())
            self._copy_run_dir(session.dir, path)
        if dut is not None and dut.started:
            self._counters(path, dut)
        return path

    @staticmethod
    def _write(path, name, text, mode=0o644):
        full = os.path.join(path, name)
        with open(full, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        os.chmod(full, mode)

    def _copy_run_dir(self, run_dir, path):
        left = []
        for directory, _, names in os.walk(run_dir or "/nonexistent"):
            for name in names:
                source = os.path.join(directory, name)
                try:
                    info = os.lstat(source)
                    if not stat.S_ISREG(info.st_mode) or info.st_size == 0:
                        continue
                    if info.st_size > LARGE:
                        left.append(f"{source}: {info.st_size} bytes")
                        continue
                    shutil.copyfile(source, os.path.join(path, name))
                except OSError as error:
                    left.append(f"{source}: {error}")
        if left:
            self._write(path, "left-behind.txt", "\n".join(left) + "\n")

    def _counters(self, path, dut):
        try:
            after = dut.counters()
        except Exception as error:  # whatever killed the device must not hide the failure itself
            self._write(path, "counters.txt", f"{dut.name} does not tell: {error}\n")
            return
        rows = {name: [dut.first_counters.get(name, 0), value] for name, value in after.items()
                if value != dut.first_counters.get(name, 0)}
        self._write(path, "counters.json", json.dumps(
            {"columns": ["before", "after"], "changed": rows, "after": after}, indent=1) + "\n")
