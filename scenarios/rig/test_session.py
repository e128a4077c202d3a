# SPDX-License-Identifier: BSD-2-Clause
"""The topology language over `rig session`: wrong lines are refused with a sentence, and nothing of
them remains; a transcript can be typed again.
"""

import json
import os
import subprocess
import sys

import pytest

from rig.session import RigError, Session, find_program

WRONG = {
    "a verb that is none": ("nodes a", "nodes"),
    "a node without a name": ("node", "node"),
    "a node twice": ("node peer", "peer"),
    "a bridge twice": ("bridge lan", "lan"),
    "a device of no node": ("veth nobody.eth0 lan", "nobody"),
    "a bridge that is not": ("veth peer.eth9 lam", "lam"),
    "a device without its dot": ("addr peer 10.0.0.9/24", "peer"),
    "an address without a length": ("addr peer.eth0 10.0.0.9", "10.0.0.9"),
    "an address that is none": ("addr peer.eth0 10.0.0.256/24", "10.0.0.256"),
    "a length too long": ("addr peer.eth0 10.0.0.9/33", "33"),
    "an MTU too small": ("mtu peer.eth0 10", "10"),
    "a MAC of five bytes": ("mac peer.eth0 02:00:00:00:01", "02:00:00:00:01"),
    "a route without via": ("route peer default 10.0.0.2", "via"),
    "a route over nothing": ("route peer default via 192.0.2.1", "192.0.2.1"),
    "a sysctl that is none": ("sysctl peer net.ipv4.no_such_thing=1", "no_such_thing"),
    "a sysctl of the machine": ("sysctl peer kernel.hostname=x", "kernel.hostname"),
    "a loss over all": ("link peer.eth0 loss 101%", "101%"),
    "a word the link has not": ("link peer.eth0 lag 5ms", "lag"),
    "a time without a unit": ("link peer.eth0 delay 5", "5"),
    "a backend that is none": ("link peer.eth0 delay 5ms backend fast", "fast"),
    "a script of nothing": ("link peer.eth0 script drop datas 3", "datas"),
    "a program that is not there": ("exec peer /no/such/program", "/no/such/program"),
    "a process that is not": ("wait nobody", "nobody"),
    "a variable that is not set": ("node $nothing", "nothing"),
    "a quote without its end": ('node "a', '"'),
    "a file that is not there": ("include /no/such.topo", "/no/such.topo"),
    "a capture into no directory": ("capture lan /no/such/dir/x.pcapng", "/no/such/dir"),
}


@pytest.fixture
def small(world):
    for line in ("node peer", "bridge lan", "veth peer.eth0 lan", "addr peer.eth0 10.0.0.1/24"):
        world.do(line)
    return world


@pytest.mark.parametrize("row", WRONG)
def test_wrong_line_is_refused_with_a_sentence_and_changes_nothing(small, row):
    line, word = WRONG[row]
    before = small.do("show")
    with pytest.raises(RigError) as error:
        small.do(line)
    sentence = str(error.value).split(": ", 1)[1]
    assert word in sentence, f"the sentence does not name {word!r}: {sentence}"
    assert "\n" not in sentence and len(sentence.split()) > 4
    assert small.do("show") == before
    small.do("exec peer true")


def test_exit_status_of_a_session_with_a_wrong_line_is_2():
    done = subprocess.run([find_program("rig"), "session"], input="node a\nnode a\n", text=True,
                          capture_output=True, timeout=600, check=False)
    assert done.returncode == 2
    assert done.stdout.splitlines()[0] == "ok" and done.stdout.splitlines()[1].startswith("error ")


@pytest.mark.parametrize("argv", [["sesion"], ["session", "--nope"], ["up"],
                                  ["up", "/no/such.topo"], ["run", "lan"],
                                  ["serve", "--serve", "echo:70000"],
                                  ["serve", "--serve", "ekho:7"]])
def test_wrong_command_line_gets_a_sentence_and_status_2(argv):
    done = subprocess.run([find_program("rig"), *argv], text=True, capture_output=True, timeout=600,
                          check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2, done
    assert argv[-1].lstrip("-") in done.stderr or "--help" in done.stderr
    assert "Traceback" not in done.stderr


def test_transcript_can_be_typed_again(small):
    small.do("port lan tester")
    small.do('exec peer sh -c "echo a word: \\$0" quoted')
    again = Session()
    try:
        for line in small.text().splitlines():
            if not line.startswith("#"):
                again.do(line)
        first, second = small.do("show"), again.do("show")
        for shown in (first, second):
            for key in ("dir", "pid"):
                shown.pop(key)
        assert first == second
    finally:
        again.close()


def test_doctor_says_what_this_machine_can_do():
    done = subprocess.run([find_program("rig"), "doctor", "--json"], text=True, capture_output=True,
                          timeout=600, check=False)
    assert done.returncode in (0, 1), done
    assert json.loads(done.stdout)


# ---- the plugin itself ------------------------------------------------------------------------

def run_pytest(tmp_path, text, *args, build=None):
    """pytest on a file of its own, in a process of its own."""
    (tmp_path / "test_inner.py").write_text(text)
    python = os.path.dirname(os.path.dirname(os.path.abspath(sys.modules["rig"].__file__)))
    env = {**os.environ, "PYTHONPATH": python, "PYTHONDONTWRITEBYTECODE": "1"}
    if build:
        env["RIG_BUILDDIR"] = str(build)
    for name in list(env):
        if name.startswith("PYTEST_"):
            del env[name]
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "rig.plugin", "-p", "no:cacheprovider",
            f"--failures={tmp_path}/failures", *args, str(tmp_path)]
    return subprocess.run(argv, env=env, text=True, capture_output=True, timeout=600, check=False,
                          cwd=tmp_path)


FAILING = """
from scapy.layers.inet import ICMP
from scapy.packet import Raw

def test_that_fails(dut, tester):
    tester.inject(tester.ip4() / ICMP(type=8, id=7, seq=1) / Raw(b"right"))
    tester.expect(ICMP(type=0, id=7, seq=2) / Raw(b"wrong"))
"""


def test_failure_leaves_its_evidence_and_a_field_by_field_difference(tmp_path):
    done = run_pytest(tmp_path, FAILING, "--dut=linux")
    assert done.returncode == 1, done.stdout
    for words in ("ICMP.seq", "payload", "frames seen", "run it again", "b'wrong'"):
        assert words in done.stdout, done.stdout
    (directory,) = (tmp_path / "failures").iterdir()
    names = {path.name for path in directory.iterdir()}
    assert {"failure.txt", "transcript.topo", "wire.pcapng", "again", "counters.json"} <= names
    changed = json.loads((directory / "counters.json").read_text())["changed"]
    assert changed["IcmpInEchos"] == [0, 1]
    again = subprocess.run([str(directory / "again")], text=True, capture_output=True, timeout=600,
                           check=False, cwd=tmp_path,
                           env={**os.environ, "PYTEST_ADDOPTS": "-p rig.plugin", "PYTHONPATH":
                                os.path.dirname(os.path.dirname(sys.modules["rig"].__file__))})
    assert again.returncode == 1 and "ICMP.seq" in again.stdout, again.stdout + again.stderr


def test_machine_that_cannot_gets_one_sentence_and_status_77(tmp_path):
    build = tmp_path / "build"
    build.mkdir()
    rig = build / "rig"
    rig.write_text("#!/bin/sh\necho 'no network namespaces: run as root' >&2\nexit 77\n")
    rig.chmod(0o755)
    done = run_pytest(tmp_path, FAILING, build=build)
    said = done.stdout + done.stderr
    assert done.returncode == 77, said
    assert "run as root" in said and "Traceback" not in said


def test_requirement_that_is_in_no_table_is_refused(tmp_path):
    text = "import pytest\n@pytest.mark.rfc('9293:MUST-999')\ndef test_x(): pass\n"
    done = run_pytest(tmp_path, text)
    assert done.returncode == 4 and "9293:MUST-999" in done.stdout + done.stderr
