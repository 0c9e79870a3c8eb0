"""The schema refuses what the chart does not know; values, schema, README and templates agree."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import yaml

from chart.settings import SET_BY_CHART
from chart.shape import NATIVE, UNREAD
from embedding_service.settings import Settings
from tests.chart.helm import CHART, Helm, HelmFailed
from tests.chart.in_process import refuse
from tests.chart.kubernetes_schemas import is_valid
from tests.chart.trees import nest

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
# Path, a wrong value, and what Helm says of it.
WRONG: list[tuple[str, Any, str]] = [
    ("sever.x", 1, "additional properties 'sever' not allowed"),
    ("server.replicas", 1, "additional properties 'replicas' not allowed"),
    ("server.image.name", "a", "additional properties 'name' not allowed"),
    ("server.probes.startup.initialDelaySeconds", 5, "additional properties 'initialDelaySeconds'"),
    ("server.config.MAX_TEXT", 5, "additional properties 'MAX_TEXT' not allowed"),
    ("server.config.DATABASE_URL", "x", "additional properties 'DATABASE_URL' not allowed"),
    ("server.config.MAX_TEXTS", 0, "minimum: got 0, want 1"),
    ("server.config.LOG_LEVEL", "loud", "value must be one of"),
    ("server.config.MAX_BODY_SIZE", "a lot", "does not match pattern"),
    ("operator.watch.namespace", "a", "additional properties 'namespace' not allowed"),
    ("defaults.encoder.key", "a", "additional properties 'key' not allowed"),
    ("metrics.serviceMonitor.release", "a", "additional properties 'release' not allowed"),
    ("server.replicaCount", "two", "got string, want integer"),
    ("server.replicaCount", 1.5, "got number, want integer"),
    ("server.replicaCount", -1, "minimum: got -1, want 0"),
    ("server.enabled", "yes", "got string, want boolean"),
    ("server.image", "a/b:c", "got string, want object"),
    ("server.image.digest", "5f70bf18", "does not match pattern"),
    ("server.image.repository", "", "does not match pattern"),
    ("server.image.pullPolicy", "Sometimes", "value must be one of"),
    ("server.image", None, "missing property 'image'"),
    ("server.resources.limits.cpu", "lots", "does not match pattern"),
    ("modelCache.size", "0", "does not match pattern"),
    ("server.env", {"A": "b"}, "got object, want array"),
    ("server.env", [{"value": "b"}], "missing property 'name'"),
    ("server.env", [{"name": "1A"}], "does not match pattern"),
    ("server.tolerations", ["gpu"], "got string, want object"),
    ("server.podLabels", {"a b": "c"}, "additional properties 'a b' not allowed"),
    ("server.podLabels", {"a": "b c"}, "does not match pattern"),
    ("server.terminationGracePeriodSeconds", 0, "minimum: got 0, want 1"),
    ("server.probes.liveness.periodSeconds", 0, "minimum: got 0, want 1"),
    ("gpu.mode", "hami", "value must be one of"),
    ("gpu.count", 0, "minimum: got 0, want 1"),
    ("gpu.resourceName", "gpu", "does not match pattern"),
    ("model.name", "", "minLength: got 0, want 1"),
    ("model.name", "a=b", "does not match pattern"),
    ("model.source", "s3", "value must be one of"),
    ("modelCache.size", "20", "does not match pattern"),
    ("modelCache.accessModes", ["ReadOnlyMany"], "value must be one of"),
    ("modelCache.hostPath", "models", "does not match pattern"),
    ("auth.keys", {"a": {"sha256": "secret"}}, "does not match pattern"),
    ("auth.keys", {"a": {}}, "missing property 'sha256'"),
    ("service.port", 0, "minimum: got 0, want 1"),
    ("service.port", 70_000, "maximum: got 70,000, want 65,535"),
    ("service.nodePort", 80, "minimum: got 80, want 30,000"),
    ("ingress.hosts", ["https://a"], "does not match pattern"),
    ("ingress.hosts", [{"host": "a"}], "got object, want string"),
    ("ingress.tls", [{"hosts": []}], "missing property 'secretName'"),
    ("httpRoute.requestTimeout", "five minutes", "does not match pattern"),
    ("autoscaling.metrics", [{"name": "cpu", "averageValue": 1}], "value must be one of"),
    ("autoscaling.cpuUtilization", 0, "minimum: got 0, want 1"),
    ("keda.serverAddress", "prometheus:9090", "does not match pattern"),
    ("operator.concurrency", 65, "maximum: got 65, want 64"),
    ("operator.logLevel", "trace", "value must be one of"),
    ("defaults.database.type", "MySQL", "value must be one of"),
    ("defaults.database.size", "big", "does not match pattern"),
    ("defaults.storage.s3.endpoint", "s3.example.com", "does not match pattern"),
    ("defaults.bounds.rollouts", 0, "minimum: got 0, want 1"),
    ("metrics.port", "9090", "got string, want integer"),
    ("metrics.serviceMonitor.interval", "often", "does not match pattern"),
    ("networkPolicy.egress.hubCidrs", ["huggingface.co"], "does not match pattern"),
    ("fullnameOverride", "Not_a_name", "does not match pattern"),
]


@pytest.mark.parametrize(("path", "value", "said"), WRONG, ids=lambda each: str(each)[:40])
def test_a_wrong_value_is_told_with_its_path(path: str, value: Any, said: str) -> None:
    message = refuse(nest(path, value))
    (line,) = [line for line in message.splitlines() if said in line]
    assert f"at '/{path.replace('.', '/')}" in line or is_about_a_key(path, line), line


def is_about_a_key(path: str, line: str) -> bool:
    """A key that is missing, or should not be there, is told with the level that it is of."""
    above, _, _ = path.rpartition(".")
    place = "/".join(["", *above.split(".")]) if above else ""
    return any(f"at '{each}'" in line for each in (place, place.rpartition("/")[0]))


def test_both_helms_tell_all_that_is_wrong_at_once(each_helm: Helm) -> None:
    once = {path: (value, said) for path, value, said in WRONG if value is not None}
    whole = {p: each for p, each in once.items() if not any(o.startswith(f"{p}.") for o in once)}
    with pytest.raises(HelmFailed) as failed:
        each_helm.template({path: value for path, (value, _) in whole.items()})
    told = str(failed.value)
    words = (
        re.sub(r"^additional properties (.*) not allowed$", r"\1", s) for _, s in whole.values()
    )
    assert [each for each in words if each not in told] == []


def test_every_level_is_closed() -> None:
    is_open = [
        path
        for path, each in list_objects(SCHEMA)
        if each.get("additionalProperties", True) is True and NATIVE not in each
    ]
    assert is_open == ["/$defs/Global"], "a chart above this one has more in it, for other parts"


def test_what_is_kubernetes_own_is_called_as_it_calls_it() -> None:
    names = {each[NATIVE] for _, each in list_objects(SCHEMA) if NATIVE in each}
    ours = {each for each in names if each.split(".")[0] in ("core", "apps", "networking")}
    assert {name for name in ours if is_valid(name, 1)} == set()
    assert names - ours == {
        "apimachinery.pkg.runtime.RawExtension",
        "autoscaling.v2.HorizontalPodAutoscalerBehavior",
        "keda.ScaleTriggers",
        "monitoring.v1.RelabelConfig",
    }


def test_values_schema_and_readme_have_the_same_leaves() -> None:
    known = set(list_leaves(SCHEMA))
    text = (CHART / "README.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([\w.]+)` \| ", text, re.MULTILINE))
    assert rows == known
    missing = {leaf for leaf in known if not is_there(leaf)}
    assert missing == set()
    assert {leaf for leaf in list_given(VALUES) if not any(map(leaf.startswith, known))} == set()


def test_every_value_is_used_by_a_template_and_every_used_one_is_there() -> None:
    used = set(list_used())
    known = set(list_leaves(SCHEMA))
    sections = {".".join(leaf.split(".")[:n]) for leaf in known for n in range(1, 6)}
    assert {path for path in used if path not in sections} == set()
    if not (CHART / "templates" / "monitoring").exists():
        known = {leaf for leaf in known if not leaf.startswith("metrics.prometheusRule")}
    words = set(re.findall(r"\w+", read_templates()))
    whole = set(re.findall(r"toYaml \.(\w+)", read_templates()))
    unread = {
        leaf
        for leaf in known
        if leaf.split(".")[-1] not in words and not whole & set(leaf.split("."))
    }
    assert unread == set()
    assert SCHEMA["properties"]["enabled"][UNREAD]


def test_every_key_has_its_comment_in_values() -> None:
    """What stands in a default, as deep as it goes, is no key of the chart's."""
    lines = (CHART / "values.yaml").read_text(encoding="utf-8").splitlines()
    commented = {
        line.strip().partition(":")[0]
        for above, line in pairwise(lines)
        if above.strip().startswith("#") and ":" in line
    }
    parts = {part for leaf in list_leaves(SCHEMA) for part in leaf.split(".")}
    assert parts - commented == set()


def test_settings_that_the_chart_sets_are_the_servers_or_its_libraries() -> None:
    own = {name.upper() for name in Settings.model_fields}
    libraries = {"HF_HOME", "HF_HUB_OFFLINE", "HF_TOKEN", "TMPDIR"}
    assert own | libraries >= SET_BY_CHART
    config = SCHEMA["$defs"]["Server"]["properties"]["config"]["properties"]
    assert own >= set(config)
    assert not set(config) & SET_BY_CHART


def list_objects(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a schema that is no mere reference."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield path, schema
        for key, each in schema.items():
            yield from list_objects(each, f"{path}/{key}")
    elif isinstance(schema, list):
        for number, each in enumerate(schema):
            yield from list_objects(each, f"{path}/{number}")


def list_leaves(schema: dict[str, Any], above: str = "") -> Iterator[str]:
    """Paths of keys that have nothing of ours below them."""
    for key, value in schema["properties"].items():
        path = f"{above}{key}"
        if "$ref" in value:
            yield from list_leaves(SCHEMA["$defs"][value["$ref"].split("/")[-1]], f"{path}.")
        else:
            yield path


def is_there(leaf: str) -> bool:
    level: Any = VALUES
    for part in leaf.split("."):
        if not isinstance(level, dict) or part not in level:
            return False
        level = level[part]
    return True


def list_given(values: Any, above: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from list_given(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def read_templates() -> str:
    """All of them."""
    files = [path for path in CHART.glob("templates/**/*") if path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def list_used() -> Iterator[str]:
    """Paths after `.Values.`."""
    for path in re.findall(r"\.Values\.([\w.]+)", read_templates()):
        yield path.rstrip(".")
