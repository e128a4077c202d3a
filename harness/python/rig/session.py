# SPDX-License-Identifier: BSD-2-Clause
"""Speaks the topology language with `rig session`: one line out, one reply back, over a Unix socket
so that a reply can carry a file descriptor.

Everything in the world dies with the socket: when this process is killed, the kernel closes it, and
the rig takes its world down. Called by plugin.py; a test says lan.do("addr peer.eth0 10.0.0.9/24").
"""

import array
import json
import os
import shutil
import socket
import subprocess

from .net import quote

REPLY_S = 300  # a reply that takes longer is a bug of the rig


class RigError(Exception):
    """The rig refused a line; the text is its sentence."""


class CannotRun(Exception):
    """This machine cannot hold a world (exit status 77): the text says what is needed."""


def find_program(name):
    """The program in $RIG_BUILDDIR, ./, ../build, or on PATH; otherwise CannotRun, with where."""
    looked = []
    for directory in (os.environ.get("RIG_BUILDDIR"), os.environ.get("RIG_BUILD"), ".",
                      os.path.join(os.path.dirname(__file__), "../../../build")):
        if not directory:
            continue
        path = os.path.abspath(os.path.join(directory, name))
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
        looked.append(os.path.dirname(path))
    path = shutil.which(name)
    if path:
        return path
    raise CannotRun(f"no program {name} in {', '.join(looked)} nor on PATH: build it with make, or "
                    "set RIG_BUILDDIR to the build directory")


class Session:
    """One world. `transcript` has (line, reply) pairs, in order."""

    def __init__(self, keep=False):
        self.transcript = []
        self.fds = []
        ours, theirs = socket.socketpair()
        self._sock = ours
        self._buffer = b""
        argv = [find_program("rig"), "session", "--fd", str(theirs.fileno())]
        if keep:
            argv.append("--keep")
        self._stderr = os.memfd_create("rig-stderr")
        self._child = subprocess.Popen(argv, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=self._stderr)
        theirs.close()
        self.dir = None

    @property
    def pid(self):
        return self._child.pid

    def say_words(self, *words):
        """do() of words that are quoted where they need it."""
        return self.do(" ".join(quote(word) for word in words))

    def do(self, line, timeout=REPLY_S):
        """Sends one line; its reply's JSON as a dict ({} for a bare ok). RigError when refused."""
        text, fds = self._ask(line, timeout)
        self.fds += fds
        verdict, _, rest = text.partition(" ")
        self.transcript.append((line, text))
        if verdict == "error":
            raise RigError(f"{line!r}: {rest}")
        if verdict != "ok":
            raise RigError(f"{line!r}: the reply is neither ok nor error: {text!r}")
        return json.loads(rest) if rest.strip() else {}

    def fd(self, line):
        """do() of a line whose reply carries one file descriptor: (fd, the reply's dict)."""
        self.fds = []
        reply = self.do(line)
        if len(self.fds) != 1:
            raise RigError(f"{line!r}: {len(self.fds)} descriptors came with the reply, not one")
        return self.fds.pop(), reply

    def _ask(self, line, timeout):
        if "\n" in line:
            raise RigError(f"{line!r}: a line has no newline in it")
        self._sock.settimeout(timeout)
        fds = array.array("i")
        try:
            self._sock.sendall(line.encode() + b"\n")
            while b"\n" not in self._buffer:
                data, ancillary, _, _ = self._sock.recvmsg(1 << 16, socket.CMSG_SPACE(4 * 4))
                for level, kind, payload in ancillary:
                    if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                        fds.frombytes(payload[:len(payload) - len(payload) % 4])
                if not data:
                    raise ConnectionError
                self._buffer += data
        except TimeoutError:
            raise RigError(f"{line!r}: no reply within {timeout} s") from None
        except OSError:
            raise self._ended(line) from None
        reply, self._buffer = self._buffer.split(b"\n", 1)
        return reply.decode(errors="replace"), list(fds)

    def _ended(self, line):
        """What to raise when the rig closed its socket."""
        status = self._child.wait(REPLY_S)
        said = os.pread(self._stderr, 4096, 0).decode(errors="replace").strip()
        if status == 77:
            return CannotRun(said or "rig ended with status 77 and said nothing")
        return RigError(f"{line!r}: rig ended with status {status}: "
                        f"{said or '(no word on stderr)'}")

    def close(self):
        """Ends the world; its kernel objects go on dying behind us."""
        if self._sock is None:
            return
        self._sock.close()
        self._sock = None
        try:
            self._child.wait(REPLY_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            raise RigError("rig session did not end when its socket was closed") from None
        finally:
            os.close(self._stderr)

    def text(self):
        """The transcript as lines that can be typed again, replies as comments, the run directory
        as $dir: the next one has another name.
        """
        out = []
        for line, reply in self.transcript:
            out.append(line.replace(self.dir, "$dir") if self.dir else line)
            if reply != "ok":
                out += [f"# {part[:2000]}" for part in reply.splitlines() or [""]]
        return "\n".join(out) + "\n"
