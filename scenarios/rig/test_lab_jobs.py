# SPDX-License-Identifier: BSD-2-Clause
"""rig lab's points elsewhere: by GNU parallel, and as a job array of a real Slurm whose node dies."""

import collections
import json
import os
import shutil
import subprocess
import sys

import pytest
import slurm
from labs import Labs

from rig.net import eventually
from rig.session import CannotRun, Session


@pytest.fixture
def labs(tmp_path):
    return Labs(tmp_path)


@pytest.fixture
def cluster(tmp_path):
    if slurm.missing():
        pytest.skip(slurm.missing())
    try:
        session = Session()
        session.do("node probe")
    except CannotRun as error:
        pytest.skip(str(error))
    (tmp_path / "slurm").mkdir()
    yield slurm.Slurm(session, tmp_path / "slurm")
    session.close()


def parallel():
    if not shutil.which("parallel"):
        pytest.skip("no GNU parallel here: apt-get install parallel")


def test_parallel_fills_the_same_table(labs):
    parallel()
    labs.run("-j2")
    here = (labs.out / "results.csv").read_bytes()
    shutil.rmtree(labs.out)
    labs.run("--executor", "parallel", "--sshlogin", "2/:")
    assert (labs.out / "results.csv").read_bytes() == here
    labs.run("--executor", "parallel", "--sshlogin", ":")
    assert len(labs.runs()) == 16, "what is there is not run again"


def ssh_config(path):
    """Words for ssh that reach two hosts, east and west, each an sshd on its standard input in a namespace
    where the machine has that name; a third, dead, answers nothing."""
    sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
    if not sshd or os.geteuid() != 0 or not os.path.isdir("/run/sshd"):
        pytest.skip("no sshd that can be started here: apt-get install openssh-server, and root")
    for key in ("host", "me"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path / key], check=True)
    (path / "sshd_config").write_text(f"HostKey {path}/host\nAuthorizedKeysFile {path}/me.pub\n"
                                      "StrictModes no\nUsePAM no\nPidFile none\n")
    (path / "ssh_config").write_text(
        f"Host east west\n User root\n IdentityFile {path}/me\n IdentitiesOnly yes\n"
        f" UserKnownHostsFile {path}/known\n StrictHostKeyChecking no\n LogLevel ERROR\n ProxyCommand "
        f"unshare --uts sh -c 'hostname %n; exec {sshd} -i -f {path}/sshd_config'\n"
        "Host dead\n ProxyCommand false\n")
    return f"ssh -F {path}/ssh_config"


def test_parallel_runs_points_on_other_hosts_and_one_that_is_dead_loses_none(tmp_path):
    parallel()
    labs = Labs(tmp_path, real=True)
    labs.env["PARALLEL_SSH"] = ssh_config(tmp_path)
    labs.run()
    here = (labs.out / "results.csv").read_bytes()
    shutil.rmtree(labs.out)
    labs.run("--executor", "parallel", "--sshlogin", "1/east,1/dead,1/west")
    assert (labs.out / "results.csv").read_bytes() == here
    hosts = {json.loads(one.read_text())["host"] for one in labs.out.glob("points/*/run.json")}
    assert hosts == {"east", "west"}


def test_parallel_marks_what_crashed_and_goes_on(labs):
    parallel()
    labs.factor('"net.test.mode" = ["crash", "ok"]')
    labs.run("--executor", "parallel", status=1)
    rows = labs.rows()
    assert [r["verdict"] for r in rows] == ["error"] * 8 + ["pass"] * 8
    assert "SIGSEGV" in rows[0]["reason"] and len(labs.runs()) == 16


def test_a_job_that_is_run_twice_gives_one_result(labs):
    parallel()
    labs.factor('"net.test.mode" = ["wait"]')
    (labs.path / "go").touch()
    labs.run("--executor", "parallel")
    (labs.path / "go").unlink()
    shutil.rmtree(labs.out / "points/0003")

    def job():
        return subprocess.Popen([sys.executable, "-m", "rig.lab_job", str(labs.out), "3"], env=labs.env)

    at_once = [job(), job()]
    eventually(lambda: len(labs.runs()) == 10, 120, "both running")
    (labs.path / "go").touch()
    assert [one.wait(60) for one in at_once] == [0, 0]
    assert job().wait(60) == 0 and len(labs.runs()) == 10, "a point that is there is not run again"
    assert sorted(os.listdir(labs.out / "points")) == [f"{n:04d}" for n in range(8)]
    assert (labs.out / "points/0003/result.json").exists()


def test_a_host_of_another_build_says_so_and_runs_nothing(labs):
    parallel()
    # The stand-in changes between the order and the job: a host with other programs.
    sim = labs.path / "standin"
    (labs.path / "bin").mkdir()
    wrapper = labs.path / "bin" / "parallel"
    wrapper.write_text(f"#!/bin/sh\necho '# another' >>{sim}\nexec {shutil.which('parallel')} \"$@\"\n")
    wrapper.chmod(0o755)
    labs.env["PATH"] = f"{labs.path}/bin:{labs.env['PATH']}"
    labs.run("--executor", "parallel", status=1)
    assert {r["verdict"] for r in labs.rows()} == {"error"} and not labs.runs()
    assert "the lab was begun with" in labs.rows()[0]["reason"]


def test_an_executor_that_is_not_there_is_named(labs):
    for executor, package in (("parallel", "parallel"), ("slurm", "slurm-wlm")):
        command = labs.command("--executor", executor)
        labs.env["PATH"] = "/nonexistent"
        done = labs.run("--executor", executor, status=77)
        assert f"apt-get install {package}" in done.stderr, command


def lab(cluster, labs, name, status=0):
    """rig lab on the cluster's node, as a process of it."""
    words = [f"{key}={labs.env[key]}" for key in ("RIG_LAB_SIM", "PYTHONDONTWRITEBYTECODE")
             if key in labs.env]
    return cluster.run(*words, *labs.command("--executor", "slurm"), name=name)


def test_a_node_that_dies_midway_costs_nothing_and_doubles_nothing(cluster, labs):
    labs.factor('"net.test.mode" = ["ok", "wait"]')
    run = lab(cluster, labs, "lab")
    eventually(lambda: len(labs.runs()) == 10, 120, "two points that wait in Slurm")
    stuck = sorted(point for point, _ in labs.runs())[8:]
    cluster.kill()
    (labs.path / "go").touch()
    cluster.start()
    assert run.wait(300) == 0, run.errors()
    rows = labs.rows()
    assert [r["verdict"] for r in rows] == ["pass"] * 16
    count = collections.Counter(point for point, _ in labs.runs())
    assert count == {**dict.fromkeys(range(16), 1), **dict.fromkeys(stuck, 2)}
    assert labs.sql("SELECT count(*), count(DISTINCT point) FROM points WHERE verdict = 'pass'") == [(16, 16)]


def test_who_watches_may_die_and_the_next_watches_the_same_jobs(cluster, labs):
    labs.factor('"net.test.mode" = ["ok", "wait"]')
    first = lab(cluster, labs, "first")
    eventually(lambda: len(labs.runs()) == 10, 120, "two points that wait in Slurm")
    first.kill("KILL")
    first.wait(30)
    second = lab(cluster, labs, "second")
    eventually(lambda: "points are there already" in second.errors(), 120, "the second watching")
    (labs.path / "go").touch()
    assert second.wait(300) == 0, second.errors()
    assert sorted(point for point, _ in labs.runs()) == list(range(16)), "each point ran once"
    assert len(json.loads((labs.out / "slurm/jobs.json").read_text())) == 1, "submitted once"
    assert {r["verdict"] for r in labs.rows()} == {"pass"}
