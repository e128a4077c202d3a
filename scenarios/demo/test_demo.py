# SPDX-License-Identifier: BSD-2-Clause
"""The scenes of rig demo hold what they say, on a good link and on a bad one, and can fail."""

import re
import subprocess

import pytest

from rig.scenes_list import SCENES
from rig.session import find_program


def demo(*args, out):
    return subprocess.run([find_program("rig"), "demo", *args, "--out", str(out), "--width", "100"],
                          capture_output=True, text=True, check=False, timeout=900)


def held(run):
    if run.returncode == 77:
        pytest.skip(run.stderr.strip())
    assert run.returncode == 0 and "  FAIL  " not in run.stdout, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_shows_log_client_and_wire_and_holds(name, tmp_path):
    text = held(demo(name, out=tmp_path))
    for part in ("* log", "* client", "* wire"):
        assert part in text
    assert text.count("  pass  ") >= 3 and (tmp_path / "wire.pcapng").stat().st_size > 500


@pytest.mark.parametrize("name, bad", [
    ("ip4-icmp-echo", ("--loss", "20", "--seed", "3", "--count", "20")),
    ("ip6-icmp-echo", ("--delay", "20ms")),
    ("ip4-icmp-frag-rx", ("--reorder", "30%")),
    ("ip4-tcp-monkeys", ("--loss", "10%", "--seed", "5")),
    ("ip6-tcp-monkeys", ("--duplicate", "50%")),
    ("ip4-tcp-monkeys", ("--corrupt", "5%", "--seed", "2")),
    ("ip4-udp-monkeys", ("--loss", "10", "--seed", "4")),
])
def test_a_scene_holds_over_a_bad_link(name, bad, tmp_path):
    held(demo(name, *bad, out=tmp_path))


def test_a_client_that_resets_is_seen(tmp_path):
    text = held(demo("ip4-tcp-monkeys", "--no-graceful", out=tmp_path))
    assert re.search(r"pass  ended by a reset", text)


def test_what_the_user_expects_decides(tmp_path):
    good = ("--expect-log", "neighbour_state_updated", "--expect-wire", "ARP who has 10.0.0.2",
            "--expect-client", "3 received")
    held(demo("ip4-icmp-echo", *good, out=tmp_path / "good"))
    for where in ("log", "wire", "client"):
        run = demo("ip4-icmp-echo", f"--expect-{where}", "what nobody says", out=tmp_path / where)
        assert run.returncode == 1 and f"FAIL  {where} has /what nobody says/: no line" in run.stdout


def test_columns_stand_side_by_side(tmp_path):
    run = subprocess.run([find_program("rig"), "demo", "ip4-icmp-echo", "--out", str(tmp_path),
                          "--width", "180"], capture_output=True, text=True, check=False)
    assert re.search(r"^LOG +\| CLIENT +\| WIRE$", held(run), re.M)
    assert all(len(line) <= 180 for line in run.stdout.splitlines())


def test_a_name_that_is_none_is_told_the_names():
    run = subprocess.run([find_program("rig"), "demo", "bot"], capture_output=True, text=True,
                         check=False)
    assert run.returncode == 2 and all(name in run.stderr for name in SCENES)
    listed = subprocess.run([find_program("rig"), "demo", "--list"], capture_output=True, text=True,
                            check=False)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(SCENES)
    assert len(SCENES) == 10
