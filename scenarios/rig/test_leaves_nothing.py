# SPDX-License-Identifier: BSD-2-Clause
"""A rig that is killed, at any moment and by the worst signal, leaves nothing: no process, no
network namespace, no device, no mount, no file.

What belongs to a rig is found by a mark in its environment, which its whole world inherits.
"""

import contextlib
import os
import random
import signal
import subprocess
import time
import uuid

import pytest

from rig.net import eventually
from rig.session import Session, find_program

LINES = """
node peer
node dut
bridge lan
veth peer.eth0 lan
addr peer.eth0 10.0.0.1/24
tap dut.tap0 lan
port lan tester
responder tester 10.0.0.100 mac 02:00:00:00:00:64
link dut.tap0 delay 1ms loss 1% seed 7
capture lan $dir/run.pcapng
run peer as sleeper sleep 1000
run peer as server nc -l -k 8000
exec peer true
link dut.tap0 clear
capture stop $dir/run.pcapng
""".split("\n")[1:-1]


def marked(mark):
    """Processes whose environment has the mark, zombies aside."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark.encode() in file.read():
                    found.append(int(pid))
        except OSError:
            pass  # gone, or not ours to read
    return found


def namespaces(pids):
    """Network namespaces these processes are in or hold by a descriptor."""
    found = set()
    for pid in pids:
        links = [f"/proc/{pid}/ns/net"]
        try:
            links += [f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            pass
        for link in links:
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if target.startswith("net:"):
                found.add(target)
    return found


@contextlib.contextmanager
def kept(pids):
    """The namespaces of these processes by name, held by us: the kernel gives a number anew as soon as the
    last one lets go, and another test's namespace would be taken for theirs.
    """
    with contextlib.ExitStack() as stack:
        held = set()
        for pid in pids:
            links = [f"/proc/{pid}/ns/net"]
            with contextlib.suppress(OSError):
                links += [f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd")]
            for link in links:
                with contextlib.suppress(OSError):
                    if not os.readlink(link).startswith("net:"):
                        continue
                    fd = os.open(link, os.O_RDONLY | os.O_CLOEXEC)
                    stack.callback(os.close, fd)
                    held.add(os.readlink(f"/proc/self/fd/{fd}"))
        yield held


def everyone():
    """All processes but us."""
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()]


def named_namespaces():
    try:
        return set(os.listdir("/run/netns"))
    except FileNotFoundError:
        return set()


class Outside:
    """What a rig could have left outside its world."""

    def __init__(self):
        self.devices = set(os.listdir("/sys/class/net"))
        self.names = named_namespaces()
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            self.mounts = {line.split()[4] for line in file}
        self.own = os.readlink("/proc/self/ns/net")


def assert_nothing_left(mark, directory, before, held):
    eventually(lambda: not marked(mark), within=300, what="the end of every process of the world")
    eventually(lambda: not os.listdir(directory), within=300, what="the run directory being removed")
    left = namespaces(everyone()) & (held - {before.own})
    assert not left, f"network namespaces still held: {left}"
    after = Outside()
    assert after.devices <= before.devices, f"devices left: {after.devices - before.devices}"
    assert after.names <= before.names, f"names left: {after.names - before.names}"
    assert after.mounts <= before.mounts, f"mounts left: {after.mounts - before.mounts}"


@pytest.fixture
def marked_dir(tmp_path, monkeypatch):
    """A mark in the environment and a directory of its own for run directories."""
    mark = f"RIG_MARK_{uuid.uuid4().hex}"
    monkeypatch.setenv(mark, "1")
    directory = tmp_path / "tmp"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    return mark, str(directory)


def build_until_killed():
    """In a forked child: a world, line by line, over and over its last lines, until the signal."""
    try:
        session = Session()
        for line in LINES:
            session.do(line)
        while True:
            session.do("exec peer true")
    finally:
        os._exit(3)


def child_of(pid):
    """The first child of a process, or None."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            found = file.read().split()
    except OSError:
        return None
    return int(found[0]) if found else None


@pytest.mark.parametrize("who", ["caller", "rig", "world"])
@pytest.mark.parametrize("seed", range(5))
def test_kill_at_random_moments_leaves_nothing(marked_dir, who, seed):
    mark, directory = marked_dir
    draw = random.Random(seed)
    before = Outside()
    for _ in range(5):  # 5 kills in each of 15 cases
        child = os.fork()
        if child == 0:
            build_until_killed()
        time.sleep(draw.uniform(0, 0.12))  # the moment
        with kept(pid for pid in marked(mark) if pid != os.getpid()) as held:
            rig = child_of(child) if who != "caller" else None
            victim = child_of(rig) if who == "world" and rig else rig
            # Before there is a rig or a world, its caller is who can be killed.
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim or child, signal.SIGKILL)
            # Where another was killed, the caller sees its socket close, and ends by itself.
            eventually(lambda: os.waitpid(child, os.WNOHANG)[0] == child, within=300)
            assert_nothing_left(mark, directory, before, held)


@pytest.mark.parametrize("how", ["end of input", "quit", "SIGTERM", "SIGINT", "error"])
def test_orderly_end_leaves_nothing(marked_dir, how):
    mark, directory = marked_dir
    before = Outside()
    rig = subprocess.Popen([find_program("rig"), "session"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, text=True)
    for line in LINES:
        rig.stdin.write(line + "\n")
        rig.stdin.flush()
        assert rig.stdout.readline().startswith("ok"), line
    with kept(pid for pid in marked(mark) if pid != os.getpid()) as held:
        if how == "quit":
            rig.stdin.write("quit\n")
        elif how == "error":
            rig.stdin.write("no such verb\n")
        elif how.startswith("SIG"):
            rig.send_signal(getattr(signal, how))
        rig.stdin.close()
        rig.wait(300)
        rig.stdout.close()
        assert len(held) > 2, "no namespaces were there"
        assert_nothing_left(mark, directory, before, held)


