# SPDX-License-Identifier: BSD-2-Clause
"""A Slurm of one node in a world of the rig: munged, slurmctld and slurmd in a namespace and a directory of
the test's own. The node can be killed, with all that runs on it, and come back.
"""

import os
import shutil
import socket

from rig.host import Node
from rig.net import eventually

ADDRESS = "10.9.0.1"
NEEDED = {"munged": "munge", "slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client"}

CONF = """ClusterName=lab
SlurmctldHost={host}({address})
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={dir}/munge.sock,cred_expire=5
CredType=cred/munge
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/spool
SlurmctldPidFile={dir}/ctld.pid
SlurmdPidFile={dir}/d.pid
SlurmctldLogFile={dir}/ctld.log
SlurmdLogFile={dir}/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=30
BatchStartTimeout=10
MinJobAge=10
SchedulerParameters=sched_interval=1,batch_sched_delay=0
JobRequeue=1
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr={address} CPUs=2 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """What this machine lacks for it, or ""."""
    paths = os.environ["PATH"] + ":/usr/sbin:/sbin"
    lacks = [package for program, package in NEEDED.items() if not shutil.which(program, path=paths)]
    return f"no Slurm here: apt-get install {' '.join(lacks)}" if lacks else ""


class Slurm:
    def __init__(self, session, directory):
        self.dir, self.session = str(directory), session
        self.host = socket.gethostname().partition(".")[0]
        for name in ("state", "spool"):
            os.makedirs(f"{self.dir}/{name}")
        os.chmod(self.dir, 0o755)  # munged's socket must be for all
        with open(f"{self.dir}/key", "wb") as file:
            file.write(os.urandom(128))
        os.chmod(f"{self.dir}/key", 0o400)
        with open(f"{self.dir}/slurm.conf", "w", encoding="ascii") as file:
            file.write(CONF.format(dir=self.dir, address=ADDRESS,
                                   host=self.host))
        with open(f"{self.dir}/cgroup.conf", "w", encoding="ascii") as file:
            file.write("CgroupPlugin=cgroup/v1\n")  # asks nothing of the machine's cgroups
        # Slurm's programs take only addresses of a family that a device other than lo has.
        for line in ("node n", "bridge lan", "veth n.e0 lan", f"addr n.e0 {ADDRESS}/24"):
            session.do(line)
        self.node, self.starts = Node(session, "n"), 0
        self.run("munged", "--foreground", "--force", f"--key-file={self.dir}/key",
                 f"--socket={self.dir}/munge.sock", f"--pid-file={self.dir}/munge.pid",
                 f"--log-file={self.dir}/munge.log", f"--seed-file={self.dir}/munge.seed", name="munged")
        self.run("slurmctld", "-D", "-i", name="slurmctld")
        self.start()

    def environment(self):
        return [f"SLURM_CONF={self.dir}/slurm.conf", f"PATH={os.environ['PATH']}:/usr/sbin:/sbin"]

    def run(self, *words, name):
        return self.node.run("env", *self.environment(), *words, name=name)

    def exec(self, *words, check=True):
        return self.node.exec("env", *self.environment(), *words, check=check)

    def start(self):
        """The compute node comes up: slurmd as the first process of a PID namespace."""
        self.starts += 1
        self.slurmd = self.run("unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
                               "slurmd", "-D",
                               name=f"slurmd{self.starts}")
        if self.starts == 1:  # later it returns by itself, and has work at once
            eventually(lambda: "idle" in self.exec("sinfo", "-h", "-o", "%t", check=False).stdout, 60,
                       "Slurm's node being idle")

    def kill(self):
        """The compute node dies, and all that runs on it. slurmctld would see that within a minute; an
        operator tells it, so that a test need not wait."""
        self.slurmd.kill("KILL")
        self.slurmd.wait(30)
        self.exec("scontrol", "update", f"NodeName={self.host}", "State=DOWN", "Reason=killed")
