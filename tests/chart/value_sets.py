"""Made-up values that the schema allows, a few at a time, from anywhere in the tree."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from chart.schema_file import build_schema
from chart.shape import NATIVE
from tests.chart.trees import build

Schema = dict[str, Any]

_SAMPLES: Mapping[str, list[Any]] = {
    "apimachinery.pkg.runtime.RawExtension": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}}
    ],
    "apps.v1.DeploymentStrategy": [{"type": "Recreate"}, {"type": "RollingUpdate"}],
    "autoscaling.v2.HorizontalPodAutoscalerBehavior": [
        {},
        {"scaleDown": {"stabilizationWindowSeconds": 0}},
    ],
    "core.v1.Affinity": [{}, {"nodeAffinity": {}}],
    "core.v1.Container": [{"name": "beside", "image": "a/b:c"}],
    "core.v1.EnvFromSource": [{"secretRef": {"name": "a"}}],
    "core.v1.EnvVarSource": [{"secretKeyRef": {"name": "a", "key": "b"}}],
    "core.v1.HostAlias": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
    "core.v1.PodDNSConfig": [{"nameservers": ["10.0.0.1"]}],
    "core.v1.PodSecurityContext": [{"runAsUser": 12345}, {"supplementalGroups": [5]}],
    "core.v1.SecurityContext": [{"runAsUser": 12345}],
    "core.v1.Toleration": [{"operator": "Exists"}],
    "core.v1.TopologySpreadConstraint": [
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    ],
    "core.v1.Volume": [{"name": "more", "emptyDir": {}}],
    "core.v1.VolumeMount": [{"name": "more", "mountPath": "/more"}],
    "keda.ScaleTriggers": [{"type": "cron", "metadata": {"desiredReplicas": "2"}}],
    "monitoring.v1.RelabelConfig": [{"action": "labelmap", "regex": "a_(.*)"}],
    "networking.v1.NetworkPolicyEgressRule": [{"ports": [{"port": 4318}]}],
    "networking.v1.NetworkPolicyPeer": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
}
"""Objects of Kubernetes' own, by what its OpenAPI calls them."""
_LARGEST = 10**9
_MOST = 12
"""Values that are given at once."""


def value_sets() -> st.SearchStrategy[dict[str, Any]]:
    """Trees of values. The definitions are left out: they are large, and depend on four values."""
    schema = build_schema()
    leaves = dict(_list_leaves(schema, schema["$defs"]))
    switches = [path for path in leaves if path.endswith(("enabled", ".mode", ".source", ".type"))]
    paths = st.lists(
        st.one_of(st.sampled_from(switches), st.sampled_from(sorted(leaves))),
        max_size=_MOST,
        unique=True,
    )
    given = paths.flatmap(lambda chosen: st.fixed_dictionaries({p: leaves[p] for p in chosen}))
    return given.map(lambda values: build({"crds.enabled": False, **values}))


def _list_leaves(
    schema: Schema, definitions: Mapping[str, Schema], above: str = ""
) -> Iterator[tuple[str, st.SearchStrategy[Any]]]:
    for key, value in schema["properties"].items():
        if "$ref" in value:
            yield from _list_leaves(_follow(value, definitions), definitions, f"{above}{key}.")
        else:
            yield f"{above}{key}", _make(value, definitions)


def _follow(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    return definitions[schema["$ref"].split("/")[-1]] if "$ref" in schema else schema


def _make(schema: Schema, definitions: Mapping[str, Schema]) -> st.SearchStrategy[Any]:
    schema = _follow(schema, definitions)
    if NATIVE in schema:
        return st.sampled_from(_SAMPLES[schema[NATIVE]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    alternatives = [_make(each, definitions) for each in schema.get("anyOf", ())]
    return st.one_of(*alternatives, *(_make_kind(kind, schema, definitions) for kind in kinds))


def _make_kind(
    kind: str, schema: Schema, definitions: Mapping[str, Schema]
) -> st.SearchStrategy[Any]:
    match kind:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            least = 1 if "exclusiveMinimum" in schema else schema.get("minimum", 0)
            whole = st.integers(least, int(schema.get("maximum", _LARGEST)))
            return whole if kind == "integer" else whole.map(lambda number: number / 2)
        case "array":
            return st.lists(
                _make(schema["items"], definitions), min_size=schema.get("minItems", 0), max_size=2
            )
        case "object":
            return _make_object(schema, definitions)
    return _make_text(schema)


def _make_object(schema: Schema, definitions: Mapping[str, Schema]) -> st.SearchStrategy[Any]:
    fields = {key: _make(each, definitions) for key, each in schema.get("properties", {}).items()}
    if fields:
        needed = set(schema.get("required", ()))
        return st.fixed_dictionaries(
            {key: each for key, each in fields.items() if key in needed},
            optional={key: each for key, each in fields.items() if key not in needed},
        )
    keys, values = st.sampled_from(["a", "b"]), schema["additionalProperties"]
    if "patternProperties" in schema:
        ((pattern, values),) = schema["patternProperties"].items()
        keys = _make_text({"pattern": pattern, "maxLength": 63})
    return st.dictionaries(keys, _make(values, definitions), max_size=2)


def _make_text(schema: Schema) -> st.SearchStrategy[str]:
    # Python's `$` also matches before a line's end; the schema's does not.
    pattern = re.sub(r"\$$", r"\\Z", schema.get("pattern", r"^[ -~]*$"))
    pattern = pattern.replace(r"[^\x00-\x1f]", "[ -~]")
    made = st.from_regex(pattern, alphabet=st.characters(min_codepoint=32, max_codepoint=126))
    longest = min(schema.get("maxLength", 200), 200)
    return made.filter(lambda text: schema.get("minLength", 0) <= len(text) <= longest)
