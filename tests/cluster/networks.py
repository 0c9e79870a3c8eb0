"""The one network of a cluster: a bridge on the control plane, and a cable from each node to it.

It lives in the machines' own namespaces, so that two clusters have the same addresses, and no route
leads out.
"""

import subprocess
from dataclasses import dataclass

from tests.cluster.machines import Machine

CONTROL_PLANE = "10.10.0.1"
SERVICES = "10.96.0.0/16"
DNS = "10.96.0.10"
PODS = "10.244.0.0/16"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is: `number` counts from 1."""

    number: int

    @property
    def name(self) -> str:
        return f"node{self.number}"

    @property
    def address(self) -> str:
        return f"10.10.0.{10 + self.number}"

    @property
    def pods(self) -> str:
        """The range of its pods' addresses."""
        return f"10.244.{self.number}.0/24"


PLACES = (Place(1), Place(2))


def build_bridge(control_plane: Machine) -> None:
    """What nodes are plugged into."""
    address = f"addr add {CONTROL_PLANE}/24 dev bridge0"
    ip(control_plane, "link set lo up", "link add bridge0 type bridge", address)
    routes = [f"route add {place.pods} via {place.address}" for place in PLACES]
    ip(control_plane, "link set bridge0 up", *routes)


def plug_in(node: Machine, place: Place, control_plane: Machine) -> None:
    """Join a node to the bridge, with routes to the pods of the others."""
    others = [other for other in PLACES if other != place]
    name = cable(place)
    # From outside, where both are known by their numbers.
    ends = f"link add {name} netns {control_plane.pid} type veth peer name eth0 netns {node.pid}"
    subprocess.run(["ip", *ends.split()], check=True)
    ip(control_plane, f"link set {name} master bridge0 up")
    ip(node, "link set lo up", f"addr add {place.address}/24 dev eth0", "link set eth0 up")
    ip(
        node,
        f"route add default via {CONTROL_PLANE}",
        *(f"route add {o.pods} via {o.address}" for o in others),
    )
    node.run("sysctl", "--quiet", "net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1")


def look_at(place: Place, control_plane: Machine) -> str:
    """What is wrong with a node's cable, or nothing."""
    link = control_plane.run("ip", "-brief", "link", "show", cable(place))
    if " UP " not in link:
        return f"without a link to {place.name}"
    queue = control_plane.run("tc", "qdisc", "show", "dev", cable(place))
    return f"with a slow link to {place.name}" if "tbf" in queue else ""


def cable(place: Place) -> str:
    """The control plane's end of a node's cable."""
    return f"port{place.number}"


def ip(machine: Machine, *lines: str) -> None:
    """Run lines of `ip` in a machine's network."""
    machine.run("ip", "-batch", "-", given="\n".join(lines) + "\n")
