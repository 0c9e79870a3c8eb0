"""Who is who in a cluster: certificates, tokens and the kubeconfigs that carry them.

Made anew for each cluster. Only its own network reaches the API server, and only this user may
read the folder.
"""

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.cluster.networks import CONTROL_PLANE, PLACES

SERVER = f"https://{CONTROL_PLANE}:6443"
NAMES = (
    CONTROL_PLANE,
    "10.96.0.1",
    "127.0.0.1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
FRONT_PROXY = "front-proxy-client"


@dataclass(frozen=True, slots=True)
class Identity:
    """A user and the groups that Kubernetes gives rights to."""

    name: str
    user: str
    groups: str = ""


IDENTITIES = (
    Identity("admin", "admin", "system:masters"),
    Identity("controller-manager", "system:kube-controller-manager"),
    Identity("scheduler", "system:kube-scheduler"),
    Identity("proxy", "system:kube-proxy"),
    *(Identity(place.name, f"system:node:{place.name}", "system:nodes") for place in PLACES),
)


def write_credentials(folder: Path, url: str = SERVER) -> None:
    """Files the API server reads, and `NAME.kubeconfig` for each identity."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.crt")
    server = authority.issue_cert(*NAMES)
    server.private_key_pem.write_to_path(folder / "server.key")
    server.cert_chain_pems[0].write_to_path(folder / "server.crt")
    # Who speaks for the API server to those that extend it is known by another authority.
    front = trustme.CA()
    front.cert_pem.write_to_path(folder / "front-proxy-authority.crt")
    # With no other name its list of names would be empty, and critical, which Go does not take.
    client = front.issue_cert(f"{FRONT_PROXY}.test", common_name=FRONT_PROXY)
    client.private_key_pem.write_to_path(folder / "front-proxy.key")
    client.cert_chain_pems[0].write_to_path(folder / "front-proxy.crt")
    # Service accounts are signed for with a key that is nothing else.
    authority.issue_cert("service-accounts.test").private_key_pem.write_to_path(
        folder / "accounts.key"
    )
    lines = []
    for identity in IDENTITIES:
        token = secrets.token_hex(16)
        lines.append(f'{token},{identity.user},{identity.name},"{identity.groups}"')
        kubeconfig = json.dumps(build_kubeconfig(token, authority.cert_pem.bytes(), url), indent=1)
        (folder / f"{identity.name}.kubeconfig").write_text(kubeconfig, encoding="utf-8")
    (folder / "tokens.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def build_kubeconfig(token: str, authority: bytes, url: str) -> dict[str, object]:
    trusted = base64.b64encode(authority).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "test", "cluster": {"server": url, "certificate-authority-data": trusted}}
        ],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }
