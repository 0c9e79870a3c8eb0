"""For each rule over an index as it is made: a spec that keeps it, one that breaks it, words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Spec = Mapping[str, Any]
_SECRET: Final = {"name": "some"}
_TARGETS: Final = {"targets": {"inFlight": 8}}
_SQLITE: Final = {"database": {"type": "SQLite"}}
_ONE_POD: Final = (
    "SQLite serves one pod: set replicas (or autoscaling.max) to 1, or use database.type "
    "PostgreSQL in a new index"
)
_FIELDS: Final = (
    "fields: a name begins with a letter or _ and has up to 64 of letters, digits and _ . -; "
    "and, or, not belong to filters"
)
_RESERVED: Final = "names under gpu-embedding.io/ and app.kubernetes.io/ are the operator's"
_REACH: Final = (
    "snippets of configuration and aliases of the host are refused: they reach beyond this index"
)
_ONE_BEGINNING: Final = "name one of snapshot, uri and retained"
_KEYED_URI: Final = "uri needs secret, and secret belongs to uri"


@dataclass(frozen=True, slots=True)
class Rule:
    """`kept` is accepted; `broken` is refused with `told` at `path`."""

    title: str
    path: str
    kept: Spec
    broken: Spec
    told: str


def _annotated(name: str, value: str = "x") -> Spec:
    return {"ingress": {"host": "a.example", "annotations": {name: value}}}


def _templated(field: str, name: str) -> Spec:
    return {"podTemplate": {field: {name: "x"}}}


def _env(name: str) -> Spec:
    return {"podTemplate": {"env": [{"name": name, "value": "x"}]}}


def _fields(name: str) -> Spec:
    return {"fields": {name: "Keyword"}}


def _scaled(**bounds: int) -> Spec:
    return {"autoscaling": {**bounds, **_TARGETS}}


_EXACT: Final = "Flat is always exact: exactRows and recall belong to the other types"
_POD: Final = "spec.podTemplate"
_BUCKET: Final = {"bucket": "abc"}

RULES: Final = (
    Rule(
        "sqlite-replicas", "spec", {**_SQLITE, "replicas": 0}, {**_SQLITE, "replicas": 2}, _ONE_POD
    ),
    Rule(
        "sqlite-autoscaling",
        "spec",
        {**_SQLITE, "replicas": 3, **_scaled(max=1)},
        {**_SQLITE, "replicas": 1, **_scaled(max=2)},
        _ONE_POD,
    ),
    Rule("field-length", "spec.fields", _fields("a" * 64), _fields("a" * 65), _FIELDS),
    Rule("field-start", "spec.fields", _fields("_1.a-b"), _fields("1a"), _FIELDS),
    Rule("field-filter-word", "spec.fields", _fields("order"), _fields("or"), _FIELDS),
    Rule("field-empty", "spec.fields", _fields("a"), _fields(""), _FIELDS),
    Rule(
        "hnsw-of-another-type",
        "spec.engine",
        {"engine": {"type": "HNSW", "hnsw": {}}},
        {"engine": {"type": "Auto", "hnsw": {}}},
        "hnsw belongs to type HNSW",
    ),
    Rule(
        "ivf-of-another-type",
        "spec.engine",
        {"engine": {"type": "IVF", "ivf": {"nlist": 64}}},
        {"engine": {"ivf": {"nlist": 64}}},
        "ivf belongs to type IVF",
    ),
    Rule(
        "recall-of-flat",
        "spec.engine",
        {"engine": {"type": "Auto", "recall": 0.9}},
        {"engine": {"type": "Flat", "recall": 0.9}},
        _EXACT,
    ),
    Rule(
        "exact-rows-of-flat",
        "spec.engine",
        {"engine": {"exactRows": 9_000}},
        {"engine": {"type": "Flat", "exactRows": 9_000}},
        _EXACT,
    ),
    Rule(
        "ef-construction-below-twice-m",
        "spec.engine.hnsw",
        {"engine": {"type": "HNSW", "hnsw": {"m": 64}}},
        {"engine": {"type": "HNSW", "hnsw": {"efConstruction": 63}}},
        "efConstruction must be at least twice m: raise it, or lower m",
    ),
    Rule(
        "postgresql-of-sqlite",
        "spec.database",
        {"database": {"type": "PostgreSQL", "postgresql": {"secret": _SECRET}}},
        {"database": {"type": "SQLite", "postgresql": {"secret": _SECRET}}},
        "postgresql belongs to type PostgreSQL",
    ),
    Rule(
        "sqlite-of-postgresql",
        "spec.database",
        {"database": {"type": "SQLite", "sqlite": {}}},
        {"database": {"type": "PostgreSQL", "sqlite": {}}},
        "sqlite belongs to type SQLite",
    ),
    Rule(
        "s3-of-volume",
        "spec.storage",
        {"storage": {"type": "S3", "s3": _BUCKET}},
        {"storage": {"type": "Volume", "s3": _BUCKET}},
        "s3 belongs to type S3",
    ),
    Rule(
        "volume-of-s3",
        "spec.storage",
        {"storage": {"type": "Volume", "volume": {"accessMode": "ReadWriteMany"}}},
        {"storage": {"type": "S3", "volume": {}}},
        "volume belongs to type Volume",
    ),
    Rule(
        "two-beginnings",
        "spec.bootstrap",
        {"bootstrap": {"snapshot": "a"}},
        {"bootstrap": {"snapshot": "a", "retained": "b"}},
        _ONE_BEGINNING,
    ),
    Rule(
        "no-beginning",
        "spec.bootstrap",
        {"bootstrap": {"retained": "a"}},
        {"bootstrap": {}},
        _ONE_BEGINNING,
    ),
    Rule(
        "uri-without-secret",
        "spec.bootstrap",
        {"bootstrap": {"uri": "s3://abc/d", "secret": _SECRET}},
        {"bootstrap": {"uri": "s3://abc/d"}},
        _KEYED_URI,
    ),
    Rule(
        "secret-without-uri",
        "spec.bootstrap",
        {"bootstrap": {"snapshot": "a"}},
        {"bootstrap": {"snapshot": "a", "secret": _SECRET}},
        _KEYED_URI,
    ),
    *(
        Rule(
            f"{field}-without-uri",
            "spec.bootstrap",
            {"bootstrap": {"uri": "s3://abc/d", "secret": _SECRET, field: value}},
            {"bootstrap": {"snapshot": "a", field: value}},
            f"{field} belongs to uri",
        )
        for field, value in (("endpoint", "https://s3.example"), ("region", "eu"))
    ),
    Rule(
        "url-in-pod",
        "spec.encoder",
        {"encoder": {"url": "https://[::1]:8001"}},
        {"encoder": {"mode": "InPod", "url": "https://[::1]:8001"}},
        "url and secret belong to mode Remote",
    ),
    Rule(
        "secret-in-pod",
        "spec.encoder",
        {"encoder": {"secret": _SECRET}},
        {"encoder": {"mode": "InPod", "secret": _SECRET}},
        "url and secret belong to mode Remote",
    ),
    Rule(
        "gpu-elsewhere",
        "spec.encoder",
        {"encoder": {"mode": "InPod", "gpu": {}}},
        {"encoder": {"gpu": {}}},
        "gpu belongs to mode InPod",
    ),
    Rule(
        "more-than-most",
        "spec.autoscaling",
        _scaled(min=2, max=2),
        _scaled(min=3, max=2),
        "min must not be above max",
    ),
    Rule(
        "no-target",
        "spec.autoscaling.targets",
        {"autoscaling": {"max": 2, "targets": {"cpu": 50}}},
        {"autoscaling": {"max": 2, "targets": {}}},
        "name at least one of inFlight, queueWait and cpu",
    ),
    Rule(
        "no-host",
        "spec.ingress.host",
        {"ingress": {"host": "*.example.com"}},
        {"ingress": {"host": "10.0.0.1"}},
        "host is a name, not an IP address",
    ),
    Rule(
        "nginx-snippet",
        "spec.ingress.annotations",
        _annotated("nginx.ingress.kubernetes.io/proxy-body-size"),
        _annotated("nginx.ingress.kubernetes.io/configuration-snippet"),
        _REACH,
    ),
    Rule(
        "nginx-alias",
        "spec.ingress.annotations",
        _annotated("cert-manager.io/cluster-issuer"),
        _annotated("nginx.ingress.kubernetes.io/server-alias"),
        _REACH,
    ),
    Rule(
        "ingress-annotation-of-ours",
        "spec.ingress.annotations",
        _annotated("traefik.ingress.kubernetes.io/router.tls"),
        _annotated("gpu-embedding.io/alias"),
        _RESERVED,
    ),
    Rule(
        "keys-for-nobody",
        "spec.auth",
        {"auth": {"mode": "None"}},
        {"auth": {"mode": "None", "secret": _SECRET}},
        "mode None has no secret",
    ),
    Rule(
        "label-of-ours",
        f"{_POD}.labels",
        _templated("labels", "example.com/gpu-embedding.io"),
        _templated("labels", "gpu-embedding.io/index"),
        _RESERVED,
    ),
    Rule(
        "label-of-the-application",
        f"{_POD}.labels",
        _templated("labels", "team"),
        _templated("labels", "app.kubernetes.io/name"),
        _RESERVED,
    ),
    Rule(
        "annotation-of-ours",
        f"{_POD}.annotations",
        _templated("annotations", "sidecar.istio.io/inject"),
        _templated("annotations", "gpu-embedding.io/spec-hash"),
        _RESERVED,
    ),
    Rule(
        "unconfined",
        f"{_POD}.annotations",
        _templated("annotations", "example.com/owner"),
        _templated("annotations", "container.apparmor.security.beta.kubernetes.io/server"),
        "annotations cannot take a pod's AppArmor profile away",
    ),
    Rule(
        "killed-at-once",
        f"{_POD}.terminationGracePeriod",
        {"podTemplate": {"terminationGracePeriod": "0h1s"}},
        {"podTemplate": {"terminationGracePeriod": "0h0s"}},
        "terminationGracePeriod is at least 1s: with none a pod counts as gone while it still runs",
    ),
    *(
        Rule(
            f"env-{name}",
            f"{_POD}.env",
            _env("HTTPS_PROXY"),
            _env(name),
            "env: names that begin with LD_, PYTHON or AWS_ are refused",
        )
        for name in ("LD_PRELOAD", "PYTHONPATH", "AWS_PROFILE")
    ),
)
