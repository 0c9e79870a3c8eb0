"""Specs that together have every field, so that each can be broken alone."""

from collections.abc import Mapping
from typing import Any, Final

FILE: Final[Mapping[str, Any]] = {
    "model": "intfloat/multilingual-e5-small",
    "dimension": 384,
    "metric": "Dot",
    "engine": {
        "type": "HNSW",
        "exactRows": 20_000,
        "recall": 0.95,
        "hnsw": {"m": 8, "efConstruction": 128},
    },
    "fields": {"brand": "Keyword", "tags": "Keywords", "price": "Float", "stock": "Int"},
    "replicas": 1,
    "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"memory": "4Gi"}},
    "encoder": {"mode": "Remote", "url": "http://tier.search:8001", "secret": {"name": "tier"}},
    "database": {"type": "SQLite", "sqlite": {"size": "20Gi", "storageClassName": "fast"}},
    "storage": {
        "type": "Volume",
        "volume": {"size": "50Gi", "storageClassName": "slow", "accessMode": "ReadWriteOnce"},
    },
    "snapshots": {
        "schedule": "0 3 * * *",
        "timeZone": "Europe/Berlin",
        "suspend": False,
        "retention": {"count": 7, "age": "30d"},
    },
    "bootstrap": {"snapshot": "products-before"},
    "reload": {"snapshot": "latest"},
    "ingress": {
        "host": "search.example.com",
        "path": "/vectors/v2",
        "className": "nginx",
        "tls": {"secret": {"name": "search-tls"}},
        "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "64m"},
    },
    "auth": {"mode": "Keys", "secret": {"name": "products-keys"}},
    "aliases": ["catalogue"],
    "podTemplate": {
        "labels": {"team": "search"},
        "annotations": {"example.com/owner": "search"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [
            {
                "key": "batch",
                "operator": "Equal",
                "value": "yes",
                "effect": "NoExecute",
                "tolerationSeconds": 30,
            }
        ],
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone"}],
        "priorityClassName": "important",
        "terminationGracePeriod": "1m30s",
        "env": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    },
    "deletionPolicy": "SnapshotThenDelete",
    "paused": True,
}
"""Everything on volumes, and embedded elsewhere."""

SERVERS: Final[Mapping[str, Any]] = {
    "engine": {"type": "IVF", "ivf": {"nlist": 1_024}},
    "replicas": 3,
    "encoder": {"mode": "InPod", "gpu": {"count": 1, "resourceName": "nvidia.com/gpu"}},
    "database": {"type": "PostgreSQL", "postgresql": {"secret": {"name": "db", "key": "uri"}}},
    "storage": {
        "type": "S3",
        "s3": {
            "bucket": "snapshots",
            "prefix": "search/products",
            "endpoint": "https://s3.example.com:9000",
            "region": "eu-central-1",
            "secret": {"name": "s3"},
        },
    },
    "bootstrap": {
        "uri": "s3://snapshots/search/1/snapshots/7",
        "secret": {"name": "s3"},
        "endpoint": "https://s3.example",
        "region": "eu-central-1",
    },
    "autoscaling": {
        "min": 1,
        "max": 100,
        "targets": {"inFlight": 32, "queueWait": "1s", "cpu": 70},
        "windows": {"up": "0s", "down": "5m"},
    },
    "auth": {"mode": "None"},
    "deletionPolicy": "Delete",
}
"""Everything on servers, and embedded in the pod."""

RETAINED: Final[Mapping[str, Any]] = {
    "bootstrap": {"retained": "0b0b3a52-3a1e-4b8e-9f2c-6d3f1d0f2a77"},
}
"""What takes a retained volume over."""

SNAPSHOT: Final[Mapping[str, Any]] = {
    "indexRef": {"name": "products"},
    "retention": "Expire",
    "deadline": "30m",
}
