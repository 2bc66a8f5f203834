"""A real Slurm on this machine: one controller, a few nodes that share its cores, fake GPUs.

Everything lies in one temporary folder and on own ports; no munge, no accounting, no cgroups.
A GPU is a twin of /dev/null: Slurm hands it out as it would a real one.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")

# Name, CPUs, GPUs, of which type.
NODES = (
    ("n1", 3, 2, "a100"),
    ("n2", 2, 1, "t4"),
    ("c1", 4, 0, ""),
    ("p1", 1, 0, ""),
    ("d1", 1, 0, ""),
    ("d2", 1, 0, ""),
    ("u1", 1, 0, ""),
)
PARTITIONS = """
PartitionName=cpu Nodes=c1 Default=YES State=UP
PartitionName=gpu Nodes=n1,n2 State=UP
PartitionName=spot Nodes=p1 PriorityTier=1 PreemptMode=REQUEUE State=UP
PartitionName=urgent Nodes=p1 PriorityTier=9 PreemptMode=OFF State=UP
PartitionName=fragile Nodes=d1,d2 State=UP
PartitionName=narrow Nodes=u1 State=UP
"""

# A requeued job waits for `cred_expire` seconds, two minutes by default.
CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
AuthInfo=cred_expire=10
CredType=cred/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
GresTypes=gpu
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
KillWait=60
SlurmdTimeout=60
MinJobAge=900
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
"""


def missing() -> str | None:
    """Why no Slurm can be started here, as a reason to skip; None where one can."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=search_path()) is None]
    if absent:
        return f"{', '.join(absent)} not installed (apt-get install slurmctld slurmd slurm-client)"
    return None if os.geteuid() == 0 else "a Slurm with nodes of its own needs root"


def search_path() -> str:
    """PATH with the folders of daemons, which a user's often lacks."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


@dataclass
class Cluster:
    """The Slurm in a folder."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="lvlm-slurm-")))

    @property
    def environment(self) -> dict[str, str]:
        """What a shell on the submit host has."""
        path = os.pathsep.join([str(self.folder / "bin"), search_path()])
        return {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def start(self) -> None:
        """Start all daemons and wait until the nodes are idle."""
        self.folder.chmod(0o755)
        self._configure()
        self._shim()
        watch = [sys.executable, "-m", __name__, str(os.getpid()), str(self.folder)]
        subprocess.Popen(watch, cwd=ROOT, start_new_session=True)
        self("slurmctld", "-c")
        for name, *_ in NODES:
            self("slurmd", "-N", name)
        until = time.monotonic() + 60
        while not self._idle():
            assert time.monotonic() < until, self("sinfo", "-N", "-l") + self.logs()
            time.sleep(0.2)

    def stop(self) -> None:
        """End daemons, jobs and whatever they left behind, and delete the folder."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + 5
            while (ours := self._processes()) and time.monotonic() < until:
                for pid in ours:
                    _kill(pid, number)
                time.sleep(0.2)
        shutil.rmtree(self.folder, ignore_errors=True)

    def lose(self, node: str) -> None:
        """A node goes down: the controller knows, and nothing on it says goodbye."""
        self("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=lost")
        for mark in (f"-N\0{node}\0", f"SLURMD_NODENAME={node}\0"):
            for pid in self._processes(mark.encode()):
                _kill(pid, signal.SIGKILL)

    def __call__(self, *command: str, check: bool = True) -> str:
        """A Slurm command's output."""
        done = subprocess.run(
            command,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def jobs(self, *options: str) -> list[dict[str, str]]:
        """Every job of the last minutes, finished ones too, as `scontrol` describes it."""
        lines = self("scontrol", "-o", "-a", "show", "job", *options, check=False).splitlines()
        return [_fields(line) for line in lines if line.startswith("JobId=")]

    def logs(self) -> str:
        """The last lines of the daemons' logs."""
        files = sorted(self.folder.glob("*.log"))
        return "".join(f"{file.name}:\n{file.read_text()[-2000:]}\n" for file in files)

    def _idle(self) -> bool:
        idle = self("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split()
        return set(idle) == {name for name, *_ in NODES}

    def _configure(self) -> None:
        host = socket.gethostname().partition(".")[0]
        controller, *ports = _free_ports(1 + len(NODES))
        nodes, gres = [], []
        for (name, cpus, gpus, kind), port in zip(NODES, ports, strict=True):
            node = f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port}"
            node += f" CPUs={cpus} RealMemory=16000 State=UNKNOWN"
            if gpus:
                node += f" Gres=gpu:{kind}:{gpus}"
                gres.append(f"NodeName={name} Name=gpu Type={kind} File={self._devices(gpus)}")
            nodes.append(node)
        text = CONFIGURATION.format(host=host, port=controller, folder=self.folder)
        (self.folder / "state").mkdir()
        (self.folder / "slurm.conf").write_text(text + "\n".join(nodes) + PARTITIONS)
        (self.folder / "gres.conf").write_text("\n".join(gres) + "\n")

    def _devices(self, count: int) -> str:
        """Character devices: of plain files Slurm would set no CUDA_VISIBLE_DEVICES."""
        for number in range(count):
            device = self.folder / f"fake{number}"
            if not device.exists():
                os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        return str(self.folder / (f"fake[0-{count - 1}]" if count > 1 else "fake0"))

    def _shim(self) -> None:
        """The plugin drops SLURM_CONF before `srun`: a Slurm outside of /etc must bring it back."""
        shim = self.folder / "bin" / "srun"
        shim.parent.mkdir()
        real = shutil.which("srun", path=search_path())
        shim.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {real} "$@"\n')
        shim.chmod(0o755)

    def _processes(self, also: bytes = b"") -> list[int]:
        """Processes, other than this one, that have the cluster's folder and a text in them."""
        mark, found = str(self.folder).encode(), []
        for process in Path("/proc").glob("[0-9]*"):
            if int(process.name) == os.getpid():
                continue
            try:
                text = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            except OSError:
                continue
            if mark in text and also in text:
                found.append(int(process.name))
        return found


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _fields(line: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in line.split())
    return {key: value for key, equals, value in pairs if equals}


def outlive(parent: int, folder: Path) -> None:
    """Stop a cluster whose tests were killed and could not do it themselves."""
    while os.getppid() == parent:
        time.sleep(1)
    Cluster(folder).stop()


if __name__ == "__main__":
    outlive(int(sys.argv[1]), Path(sys.argv[2]))
