"""An API server and its etcd alone, on loopback: objects without anybody who acts on them.

Takes no root. Definitions, rules and an operator's writes are judged by the real thing; a test
itself plays controllers and kubelets.
"""

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.control_plane import AUDIT
from tests.cluster.credentials import write_credentials
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_until

HOST = "127.0.0.1"
_WITH_READS = AUDIT.replace(
    "rules:\n", 'rules:\n  - {level: Metadata, userGroups: ["system:serviceaccounts"]}\n'
)
"""What accounts of programs read counts too: their rights are held against it."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """One that answers."""

    folder: Path
    url: str
    program: Path
    """Kubernetes, which goes by the name it is called."""

    @property
    def kubeconfig(self) -> Path:
        """An administrator's."""
        return self.folder / "credentials" / "admin.kubeconfig"

    @property
    def audit(self) -> Path:
        """Who wrote what, and what accounts of programs read; a line each."""
        return self.folder / "audit.log"

    @property
    def kubectl(self) -> Kubectl:
        """With an administrator's rights."""
        return Kubectl(
            (
                str(self.folder / "kubectl"),
                f"--kubeconfig={self.kubeconfig}",
                # Else it takes this server for an earlier one on the same port.
                f"--cache-dir={self.folder / 'cache'}",
            )
        )


@contextmanager
def running_api_server(
    folder: Path, program: Path, audit: str = _WITH_READS
) -> Iterator[ApiServer]:
    """Start both with their files in `folder`; `program` is Kubernetes, as built for a cluster.

    `audit` is the policy that says what its audit log has.
    """
    client, peer, port = free_port(), free_port(), free_port()
    url = f"https://{HOST}:{port}"
    write_credentials(folder / "credentials", url)
    (folder / "audit.yaml").write_text(audit, encoding="utf-8")
    (folder / "kubectl").symlink_to(program)
    with ExitStack() as running:
        for name, options in build_options(folder, client, peer, port).items():
            running.enter_context(run_program(folder, program, name, options))
        server = ApiServer(folder, url, program)
        wait_until(
            lambda: server.kubectl.says("get", "--raw=/readyz"),
            "the API server is not ready",
            60,
            f"see {folder}/kube-apiserver.log",
        )
        yield server


def build_options(folder: Path, client: int, peer: int, port: int) -> Mapping[str, list[str]]:
    """Of each program, by its name; the numbers are ports."""
    etcd, credentials = f"http://{HOST}:{client}", folder / "credentials"
    own = f"http://{HOST}:{peer}"
    return {
        "etcd": [
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={own}",
            f"--initial-advertise-peer-urls={own}",
            f"--initial-cluster=default={own}",
            "--log-level=warn",
            "--unsafe-no-fsync",
        ],
        "kube-apiserver": [
            f"--etcd-servers={etcd}",
            f"--bind-address={HOST}",
            # Else it looks for a way out of the network, and a test's may have none.
            "--advertise-address=192.0.2.1",
            "--endpoint-reconciler-type=none",
            f"--secure-port={port}",
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--cert-dir={folder / 'certificates'}",
            f"--tls-cert-file={credentials}/server.crt",
            f"--tls-private-key-file={credentials}/server.key",
            f"--token-auth-file={credentials}/tokens.csv",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={credentials}/accounts.key",
            f"--service-account-signing-key-file={credentials}/accounts.key",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",  # nobody makes the default ones
            # Whoever makes children that hold up their owner's deletion needs a right to do so.
            "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
            f"--audit-policy-file={folder / 'audit.yaml'}",
            f"--audit-log-path={folder / 'audit.log'}",
        ],
    }


@contextmanager
def run_program(
    folder: Path, program: Path, name: str, options: list[str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of Kubernetes' programs until the block ends."""
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [str(program), name, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()  # what it holds is thrown away
        process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        port: int = trial.getsockname()[1]
        return port
