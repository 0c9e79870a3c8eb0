"""How the tier is reached, and who may reach whom."""

from typing import Annotated, Literal

from pydantic import Field

from chart.shape import (
    Annotations,
    Cidr,
    Duration,
    Egress,
    GivenName,
    Labels,
    Name,
    Peer,
    Port,
    Values,
)

Host = Annotated[str, Field(max_length=253, pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
"""A name of DNS, perhaps with a wildcard in front."""


class Service(Values):
    """The tier's address in the cluster."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """How far it reaches."""
    port: Port = 8001
    """Its port."""
    node_port: Annotated[int, Field(ge=30_000, le=32_767)] | None = None
    """Port of each node where `type` is not ClusterIP; null takes a free one."""
    ip_family_policy: Literal["", "SingleStack", "PreferDualStack", "RequireDualStack"] = ""
    """IPv4, IPv6 or both; empty is the cluster's own."""
    traffic_distribution: Literal["", "PreferClose"] = ""
    """PreferClose keeps requests in their zone where it has pods."""
    annotations: Annotations = {}
    """For load balancers of clouds."""
    labels: Labels = {}
    """More labels."""


class IngressTls(Values):
    """A certificate."""

    secret_name: GivenName
    """Secret with it, here; cert-manager fills it where an annotation asks for that."""
    hosts: list[Host] = []
    """Whose it is; empty is all hosts of the Ingress."""


class Ingress(Values):
    """The way from outside.

    On a host that it shares with indexes the tier has `/`, they have their own paths.
    """

    enabled: bool = False
    """Whether there is one."""
    class_name: Name = ""
    """Whose; empty is the cluster's default."""
    hosts: list[Host] = []
    """Names under which it answers."""
    path: Annotated[str, Field(max_length=128, pattern=r"^/[^\s]*$")] = "/"
    """What its paths begin with."""
    tls: list[IngressTls] = []
    """Certificates."""
    annotations: Annotations = {
        "nginx.ingress.kubernetes.io/proxy-body-size": "64m",
        "nginx.ingress.kubernetes.io/proxy-buffering": "off",
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "310",
        "nginx.ingress.kubernetes.io/proxy-send-timeout": "310",
    }
    """nginx's own limits cut off what the server allows: its MAX_BODY_SIZE, REQUEST_TIMEOUT, and
    answers as a stream. Other controllers pass over these names; Traefik needs none."""
    labels: Labels = {}
    """More labels."""


class ParentRef(Values):
    """A Gateway's listener."""

    name: GivenName
    """Name of the Gateway."""
    namespace: Name = ""
    """Its namespace; empty is the release's."""
    section_name: Name = ""
    """Name of its listener; empty is all of them."""
    port: Port | None = None
    """Port of its listener; null is any."""


class HttpRoute(Values):
    """The way from outside by the Gateway API."""

    enabled: bool = False
    """Whether there is one."""
    parent_refs: list[ParentRef] = []
    """Gateways that lead to it."""
    hostnames: list[Host] = []
    """Names under which it answers; empty is all of the listener's."""
    path: Annotated[str, Field(max_length=128, pattern=r"^/[^\s]*$")] = "/"
    """What its paths begin with."""
    request_timeout: Duration = "310s"
    """A little more than the server's REQUEST_TIMEOUT, which has an answer of its own."""
    annotations: Annotations = {}
    """More annotations."""
    labels: Labels = {}
    """More labels."""


class EgressValues(Values):
    """What pods may ask for."""

    dns_ports: Annotated[list[Port], Field(min_length=1)] = [53, 5353]
    """Where names are looked up: the port of the Service, and that behind it (OpenShift: 5353)."""
    hub_cidrs: list[Cidr] = ["0.0.0.0/0", "::/0"]
    """Where the model hub is, on port 443; read where `model.source` is hub."""
    api_server_cidrs: list[Cidr] = []
    """Where the API server is; empty is anywhere, on its ports."""
    api_server_ports: Annotated[list[Port], Field(min_length=1)] = [443, 6443]
    """Its ports: of the Service, and of what is behind it."""
    server: list[Egress] = []
    """More that the tier may ask for, for example an OpenTelemetry collector."""
    operator: list[Egress] = []
    """More that the operator may ask for."""


class NetworkPolicy(Values):
    """Who may reach the pods, and what they may reach."""

    enabled: bool = True
    """Whether there are policies; the cluster's network must enforce them."""
    clients: list[Peer] = [{"namespaceSelector": {}}]
    """Who may use the tier: pods of the cluster by default, which most Ingress controllers are. A
    load balancer that asks pods itself, or a controller on the nodes' network, needs an `ipBlock`
    here; without one a `service.type` for outside lets everybody in. Index pods may always."""
    monitoring: list[Peer] = [
        {
            "namespaceSelector": {},
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
        }
    ]
    """Who may read metrics."""
    egress: EgressValues = EgressValues()
    """What pods may ask for. DNS is among it where anything is."""
