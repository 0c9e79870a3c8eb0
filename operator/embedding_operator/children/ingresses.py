"""The way from outside: an index's own paths on a host that it may share."""

from typing import Any, Final

from embedding_operator.children.metadata import ALIAS, build_metadata
from embedding_operator.names import INGRESSES
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.exposure import Ingress

DEFAULT_NAME: Final = "default"
"""The index by which the paths without a name are answered."""
_UNNAMED: Final = ("/api/v1/index/add", "/api/v1/similarity/search")


def build_ingress(wanted: Wanted) -> dict[str, Any] | None:
    """One that leads the index's own paths to it; None if none is asked for."""
    return None if wanted.ingress is None else _build(wanted, wanted.ingress, wanted.meta.name)


def build_alias_ingress(wanted: Wanted, alias: str) -> dict[str, Any]:
    """One that leads an alias's paths to the alias's Service, which is what a switch changes."""
    if wanted.ingress is None:
        raise ValueError("without a host there is no way to lead")
    made = _build(wanted, wanted.ingress, alias)
    made["metadata"]["labels"][ALIAS] = alias
    return made


def _build(wanted: Wanted, ingress: Ingress, name: str) -> dict[str, Any]:
    metadata = build_metadata(wanted.meta, name)
    if ingress.annotations:
        metadata["annotations"] = dict(ingress.annotations)
    backend = {"service": {"name": name, "port": {"name": "http"}}}
    paths = [
        {"path": path, "pathType": kind, "backend": backend}
        for path, kind in list_paths(ingress, name)
    ]
    spec: dict[str, Any] = {"rules": [{"host": ingress.host, "http": {"paths": paths}}]}
    if ingress.class_name is not None:
        spec["ingressClassName"] = ingress.class_name
    if ingress.tls is not None:
        spec["tls"] = [{"hosts": [ingress.host], "secretName": ingress.tls.secret.name}]
    return {
        "apiVersion": INGRESSES.api,
        "kind": INGRESSES.kind,
        "metadata": metadata,
        "spec": spec,
    }


def list_paths(ingress: Ingress, name: str) -> list[tuple[str, str]]:
    """Paths under which an index of that name is reached, each with its type.

    The slash after the name keeps `a` from catching what is of `ab`, with controllers that compare
    prefixes as text.
    """
    own = f"{ingress.path}/api/v1/indexes/{name}"
    paths = [(own, "Exact"), (f"{own}/", "Prefix")]
    if name == DEFAULT_NAME:
        paths += [(f"{ingress.path}{path}", "Exact") for path in _UNNAMED]
    return paths
