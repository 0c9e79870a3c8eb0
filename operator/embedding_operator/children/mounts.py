"""What pods find in their file system: Secrets, the operator's orders, volumes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from embedding_operator.children.metadata import name_data, name_orders, name_snapshots
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.data import DatabaseType

_ROOT: Final = "/etc/gpu-embedding"
ORDERS: Final = f"{_ROOT}/orders"
DATABASE: Final = f"{_ROOT}/database"
STORE: Final = f"{_ROOT}/store"
BOOTSTRAP: Final = f"{_ROOT}/bootstrap"
ENCODER: Final = f"{_ROOT}/encoder"
AUTH: Final = f"{_ROOT}/auth"
DATA: Final = "/data"
DATA_VOLUME: Final = "data"
SNAPSHOTS: Final = "/snapshots"
ENCODER_KEY: Final = "key"
API_KEYS: Final = "keys.toml"


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume of a pod, and where it is."""

    name: str
    path: str
    source: dict[str, Any]
    is_read_only: bool = True

    def build_volume(self) -> dict[str, Any]:
        """For the pod."""
        return {"name": self.name, **self.source}

    def build_mount(self) -> dict[str, Any]:
        """For its container."""
        mount: dict[str, Any] = {"name": self.name, "mountPath": self.path}
        return {**mount, "readOnly": True} if self.is_read_only else mount


def list_mounts(wanted: Wanted) -> Iterator[Mount]:
    """Of every pod of an index.

    Each Secret is a folder of its own, so that a change of it comes through: a file that is mounted
    by itself never changes.
    """
    index = wanted.meta
    yield Mount("orders", ORDERS, {"configMap": {"name": name_orders(index)}})
    yield from _list_volumes(wanted)
    secrets = (
        ("database", DATABASE, wanted.address and wanted.address.secret),
        ("store", STORE, wanted.storage.s3 and wanted.storage.s3.secret),
        ("bootstrap", BOOTSTRAP, _name_bootstrap_secret(wanted)),
        ("encoder", ENCODER, wanted.encoder.secret),
        ("auth", AUTH, wanted.keys),
    )
    for name, path, secret in secrets:
        if secret:
            yield Mount(name, path, {"secret": {"secretName": secret, "defaultMode": 0o440}})


def _list_volumes(wanted: Wanted) -> Iterator[Mount]:
    index = wanted.meta
    if wanted.database is DatabaseType.SQLITE:
        claim: dict[str, Any] = {"persistentVolumeClaim": {"claimName": name_data(index)}}
    else:
        claim = {"emptyDir": {}}
    yield Mount(DATA_VOLUME, DATA, claim, is_read_only=False)
    if wanted.storage.volume is not None:
        source = {"persistentVolumeClaim": {"claimName": name_snapshots(index)}}
        yield Mount("snapshots", SNAPSHOTS, source, is_read_only=False)


def _name_bootstrap_secret(wanted: Wanted) -> str | None:
    bootstrap = wanted.spec.bootstrap
    return bootstrap.secret.name if bootstrap and bootstrap.secret else None
