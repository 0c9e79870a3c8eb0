"""The settings of a pod's server, as environment variables (docs/settings.md)."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from embedding_operator.children import mounts
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.engine import Engine
from embedding_operator.resources.status import ResolvedS3

PUBLIC_PORT: Final = 8001
"""For people."""
ADMIN_PORT: Final = 8002
"""For the operator."""
ADMIN_KEYS: Final = "admin-keys.json"
ALIASES: Final = "aliases"
SNAPSHOT: Final = "snapshot"
"""Keys of the ConfigMap that pods read."""
ENGINE_SETTINGS: Final = frozenset(
    {
        "INDEX_ENGINE",
        "INDEX_EXACT_ROWS",
        "INDEX_HNSW_EF_CONSTRUCTION",
        "INDEX_HNSW_M",
        "INDEX_IVF_NLIST",
        "INDEX_RECALL",
    }
)
"""What an index is searched by."""
ENGINE_REVISION: Final = "INDEX_ENGINE_REVISION"
"""Which of several of those count (plan/engines.py)."""
SHUTDOWN_GRACE: Final = 30
"""Seconds that what a pod has begun may take when it ends."""
_DELAY_AMONG_OTHERS: Final = 10
_DELAY_ALONE: Final = 5
"""Seconds for which a pod that is told to end takes work on, until nobody sends it any more.
Proxies may take several to hear of it; but the successor of a pod that is alone waits for it."""
_DEFAULT_REGION: Final = "us-east-1"


def build_environment(wanted: Wanted) -> dict[str, str]:
    """The settings by name; what the spec adds replaces none of these."""
    return {
        **{each.name: each.value for each in wanted.template.env or ()},
        "SERVICE_PORT": str(PUBLIC_PORT),
        "ADMIN_PORT": str(ADMIN_PORT),
        "ADMIN_KEYS_FILE": f"{mounts.ORDERS}/{ADMIN_KEYS}",
        "DATA_DIR": mounts.DATA,
        "LOG_FORMAT": "json",
        "SHUTDOWN_DELAY": str(count_delay(wanted)),
        "SHUTDOWN_GRACE": str(SHUTDOWN_GRACE),
        **_build_index(wanted),
        **dict(_list_encoder(wanted)),
        **dict(_list_secrets(wanted)),
        **_build_store(wanted),
    }


def count_delay(wanted: Wanted) -> int:
    """Seconds from being told to end to taking no more work."""
    return _DELAY_ALONE if wanted.data is not None else _DELAY_AMONG_OTHERS


def _build_index(wanted: Wanted) -> Mapping[str, str]:
    spec = wanted.spec
    made = {
        "INDEX_NAME": wanted.meta.name,
        "INDEX_UID": wanted.key,
        "INDEX_METRIC": spec.metric.lower(),
        **dict(_list_engine(spec.engine or Engine())),
        "INDEX_ALIASES_FILE": f"{mounts.ORDERS}/{ALIASES}",
        "INDEX_SNAPSHOT_FILE": f"{mounts.ORDERS}/{SNAPSHOT}",
    }
    if spec.dimension is not None:
        made["INDEX_DIMENSION"] = str(spec.dimension)
    if spec.fields:
        fields = {name: kind.lower() for name, kind in spec.fields.items()}
        made["INDEX_FIELDS"] = json.dumps(fields, sort_keys=True)
    return made


def _list_engine(engine: Engine) -> Iterator[tuple[str, str]]:
    """Of ENGINE_SETTINGS those that the spec says."""
    yield "INDEX_ENGINE", engine.type.lower()
    if engine.exact_rows is not None:
        yield "INDEX_EXACT_ROWS", str(engine.exact_rows)
    if engine.recall is not None:
        yield "INDEX_RECALL", str(engine.recall)
    if engine.hnsw is not None:
        yield "INDEX_HNSW_M", str(engine.hnsw.m)
        yield "INDEX_HNSW_EF_CONSTRUCTION", str(engine.hnsw.ef_construction)
    if engine.ivf is not None and engine.ivf.nlist is not None:
        yield "INDEX_IVF_NLIST", str(engine.ivf.nlist)


def _list_encoder(wanted: Wanted) -> Iterator[tuple[str, str]]:
    encoder = wanted.encoder
    if encoder.url is None:
        yield "EMBEDDING_MODEL", wanted.model
        return
    yield "ENCODER_URL", encoder.url
    yield "INDEX_MODEL", wanted.model
    if encoder.secret is not None:
        yield "ENCODER_API_KEY_FILE", f"{mounts.ENCODER}/{mounts.ENCODER_KEY}"


def _list_secrets(wanted: Wanted) -> Iterator[tuple[str, str]]:
    if wanted.address is not None:
        yield "DATABASE_URL_FILE", f"{mounts.DATABASE}/{wanted.address.key}"
    if wanted.keys is not None:
        yield "API_KEYS_FILE", f"{mounts.AUTH}/{mounts.API_KEYS}"
    bootstrap = wanted.spec.bootstrap
    if bootstrap is not None and bootstrap.secret is not None:
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
            yield f"BOOTSTRAP_AWS_{name}_FILE", f"{mounts.BOOTSTRAP}/AWS_{name}"
        s3 = wanted.storage.s3
        region = bootstrap.region or (s3 and s3.region) or _DEFAULT_REGION
        yield "BOOTSTRAP_AWS_REGION", region
        if endpoint := bootstrap.endpoint or wanted.storage.endpoint:
            yield "BOOTSTRAP_AWS_ENDPOINT", endpoint


def _build_store(wanted: Wanted) -> Mapping[str, str]:
    storage = wanted.storage
    if storage.s3 is not None:
        return {"SNAPSHOT_URL": storage.url or "", **_build_s3(storage.s3)}
    return {} if storage.volume is None else {"SNAPSHOT_URL": f"file://{mounts.SNAPSHOTS}"}


def _build_s3(s3: ResolvedS3) -> Mapping[str, str]:
    made = {
        "AWS_REGION": s3.region or _DEFAULT_REGION,
    }
    if s3.endpoint is not None:
        made["AWS_ENDPOINT"] = s3.endpoint
        if s3.endpoint.startswith("http://"):
            made["AWS_ALLOW_HTTP"] = "true"
    if s3.secret is not None:
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
            made[f"AWS_{name}_FILE"] = f"{mounts.STORE}/AWS_{name}"
    return made
