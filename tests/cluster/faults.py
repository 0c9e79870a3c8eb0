"""Bad days of the local cluster's machines, as contexts: what was broken heals at the end."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.cluster import control_plane, nodes, programs
from tests.cluster.failures import ClusterFailure
from tests.cluster.local import LocalCluster
from tests.cluster.machines import Machine
from tests.cluster.networks import PLACES, Place, cable
from tests.cluster.waiting import wait_until

SECONDS = 60.0
"""How long a healed cluster may take to be whole again."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Those of one cluster, which must be up."""

    cluster: LocalCluster

    @contextmanager
    def stopped_kubelet(self, node: str) -> Iterator[None]:
        """A node that tells nothing and starts nothing; its pods run on."""
        place = find_place(node)
        machine = nodes.machine(self.cluster.site, place)
        try:
            end(machine, "kubelet")
            yield
        finally:
            nodes.start_kubelet(self.cluster.site, place, self.built())
            self.wait_until_whole()

    @contextmanager
    def stopped_api_server(self) -> Iterator[None]:
        """Nothing can be asked or changed; pods run on."""
        with self.without("kube-apiserver", control_plane.start_api_server):
            yield

    @contextmanager
    def stopped_etcd(self) -> Iterator[None]:
        """The API server answers errors; pods run on."""
        with self.without("etcd", control_plane.start_etcd):
            yield

    @contextmanager
    def without(self, name: str, start: Callable[..., None]) -> Iterator[None]:
        try:
            end(control_plane.machine(self.cluster.site), name)
            yield
        finally:
            start(self.cluster.site, self.built())
            self.wait_until_whole()

    @contextmanager
    def cut_link(self, node: str) -> Iterator[None]:
        """A node that hears nothing of the others, and they nothing of it."""
        plane, name = control_plane.machine(self.cluster.site), cable(find_place(node))
        try:
            plane.run("ip", "link", "set", name, "down")
            yield
        finally:
            plane.run("ip", "link", "set", name, "up")
            self.wait_until_whole()

    @contextmanager
    def slow_link(self, node: str, megabits: int = 1) -> Iterator[None]:
        """What goes to a node goes at so many megabits a second."""
        plane, name = control_plane.machine(self.cluster.site), cable(find_place(node))
        rate = f"rate {megabits}mbit burst 16kb latency 400ms"  # netem is missing from some kernels
        try:
            plane.run(*f"tc qdisc replace dev {name} root tbf {rate}".split())
            yield
        finally:
            plane.run(*f"tc qdisc del dev {name} root".split())
            self.wait_until_whole()

    @contextmanager
    def killed_pod(self, namespace: str, pod: str) -> Iterator[None]:
        """What runs in a pod's first container is killed, and its kubelet starts it again."""
        kubectl = self.cluster.kubectl()
        found = kubectl.get("pod", pod, f"--namespace={namespace}")
        status = found["status"]["containerStatuses"][0]
        _, _, identity = status["containerID"].rpartition("//")
        # A container has a process namespace of its own: it is known by its control group.
        killed = [each for each in psutil.process_iter() if is_in(each, identity) and kill(each)]
        if not killed:
            raise ClusterFailure(f"nothing runs in {namespace}/{pod}", "kubectl get pods -A")
        try:
            yield
        finally:
            again = status["restartCount"] + 1
            restarted = f"jsonpath={{.status.containerStatuses[0].restartCount}}={again}"
            for condition in (restarted, "condition=Ready"):
                words = ("wait", f"--for={condition}", f"pod/{pod}", f"--namespace={namespace}")
                kubectl(*words, f"--timeout={SECONDS:.0f}s", seconds=SECONDS + 30)

    def built(self) -> dict[str, Path]:
        site = self.cluster.site
        return programs.build(site, *programs.TOOLS, programs.kubernetes(site.kubernetes))

    def wait_until_whole(self) -> None:
        """Until the API server answers and every node is ready."""
        kubectl = self.cluster.kubectl()
        wait_until(
            lambda: self.cluster.status() == "up",
            "the API server is away",
            SECONDS,
            "make cluster-status",
        )
        ready = ("wait", "--for=condition=Ready", "node", "--all", f"--timeout={SECONDS:.0f}s")
        kubectl(*ready, seconds=SECONDS + 30)


def find_place(node: str) -> Place:
    """Raises ClusterFailure for a node there is not."""
    for place in PLACES:
        if place.name == node:
            return place
    names = ", ".join(place.name for place in PLACES)
    raise ClusterFailure(f"there is no node {node!r}", f"name one of {names}")


def end(machine: Machine, name: str) -> None:
    """Kill a program, and wait until it has gone."""
    for process in machine.find_program(name):
        process.send_signal(signal.SIGKILL)
    wait_until(
        lambda: not machine.find_program(name),
        f"{name} of {machine.name} has not ended",
        10,
        "make cluster-status",
    )


def is_in(process: psutil.Process, container: str) -> bool:
    """Whether a process is in the control group of a container."""
    try:
        return container in Path(f"/proc/{process.pid}/cgroup").read_text(encoding="utf-8")
    except OSError:
        return False


def kill(process: psutil.Process) -> bool:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return False
    return True
