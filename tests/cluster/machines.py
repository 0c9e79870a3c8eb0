"""Machines without machines: a first process with namespaces of its own, as a container has, but
with the host's files and control groups.

When the first process dies, the kernel ends all others of its process namespace, and with the last
of them go every mount, interface, address and rule: nothing is left behind, however it ended.
"""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.cluster.locks import locked
from tests.cluster.sites import Site
from tests.cluster.waiting import wait_until

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

POINTS = ("/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")
"""Where a node's programs write, wherever they live: each machine mounts its own there."""

SETUP = f"""
set -eu
hostname "$2"
mount -t tmpfs -o mode=755 machine /run
mkdir -p /run/machine
mount --bind "$3" /run/machine
for point in {" ".join(POINTS)}; do
    mkdir -p "$point" "$3$point"
    mount --bind "$3$point" "$point"
done
mount --make-rshared /
exec "$1" "$4"
"""
"""Kubelet wants mounts that propagate to its pods; they do so inside this namespace alone."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Its `/run` is empty but for `/run/machine`, which is its folder of the site."""

    site: Site
    name: str

    @property
    def title(self) -> str:
        """What its first process and its control groups are called."""
        return f"{self.site.name}-{self.name}"

    @property
    def folder(self) -> Path:
        return self.site.state / self.name

    @property
    def pid(self) -> int | None:
        """Its first process, or None. Looked up each time: a broken run remembers nothing."""
        return next((found for title, found in first_processes() if title == self.title), None)

    def boot(self, init: Path) -> None:
        """Start its first process. Raises ClusterFailure when it does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        spaces = "--mount --uts --ipc --net --pid --fork --kill-child --mount-proc"
        command = ["unshare", *spaces.split(), "--propagation", "private", "--"]
        command += ["sh", "-c", SETUP, "machine"]
        command += [str(init), self.name, str(self.folder), self.title]
        remedy = f"see {self.site.logs / self.name / 'boot.log'}"
        with locked(self.site, "mount-points"):
            self.spawn("boot", command)
            wait_until(lambda: self.pid, f"machine {self.name} has not started", 10, remedy)

    def inside(self, *command: str) -> list[str]:
        """A command line that runs in this machine."""
        spaces = ["--mount", "--uts", "--ipc", "--net", "--pid"]
        return ["nsenter", "--target", str(self.pid), *spaces, "--", *command]

    def run(self, *command: str, given: str | None = None) -> str:
        """Run to the end and return what was printed; raises CalledProcessError."""
        return subprocess.run(
            self.inside(*command),
            input=given,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    def start(self, name: str, *command: str) -> None:
        """Start a program that goes on; its output is `name`.log."""
        self.spawn(name, self.inside(*command))

    def spawn(self, name: str, command: Sequence[str]) -> None:
        """Start a command line on the host."""
        log = self.site.logs / self.name / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            # It forks, so that what is started is nobody's child here.
            subprocess.run(
                ["setsid", "--fork", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": PATH, "HOME": "/root"},
                check=True,
            )

    def processes(self) -> Iterator[psutil.Process]:
        """Whatever runs in its process namespace, its first process too."""
        space = None if self.pid is None else namespace(self.pid)
        for process in psutil.process_iter():
            if space is not None and namespace(process.pid) == space:
                yield process

    def find_program(self, name: str) -> list[psutil.Process]:
        """The processes of one program, by its file's name or its first argument."""
        return [process for process in self.processes() if name in named(process)]

    def kill(self) -> None:
        """End it and all that runs in it, and wait until that is so; also one that is booting."""
        remaining = {process.pid for process in self.processes()}
        for process in psutil.process_iter(["cmdline"]):
            if (process.info["cmdline"] or [""])[-1] == self.title:
                remaining.add(process.pid)
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        wait_until(
            lambda: not any(map(psutil.pid_exists, remaining)),
            f"machine {self.name} has not ended",
            30,
            f"look at processes {sorted(remaining)}: one may hang in the kernel",
        )


def remove_points(site: Site) -> None:
    """Remove the empty folders on the host where machines mount their own, when none is left."""
    with locked(site, "mount-points"):
        if not any(first_processes()):
            for point in POINTS:
                with suppress(OSError):
                    Path(point).rmdir()


def first_processes() -> Iterator[tuple[str, int]]:
    """Title and pid of every machine's first process, of any checkout."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if (
            len(words) == 2
            and Path(words[0]).name.startswith("init-")
            and words[1].startswith("gpe-")
        ):
            yield words[1], process.pid


def named(process: psutil.Process) -> list[str]:
    """A program's name, without the digest of what it was built from, and its first argument."""
    try:
        line = process.cmdline()
    except psutil.Error:
        return []
    program = Path(line[0]).name if line else ""
    return [program, program.rpartition("-")[0], *line[1:2]]


def namespace(pid: int) -> str | None:
    """The process namespace of a process, or None when it is gone."""
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return None
