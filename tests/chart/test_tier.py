"""The pods of the embedding tier: how many, how replaced, on which GPUs, with which model."""

from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from embedding_service.environment import load_settings
from embedding_service.telemetry.metrics import Metrics
from tests.chart.helm import CHART, Helm, Manifest
from tests.chart.in_process import render
from tests.chart.manifests import find, find_all, read_env, server, walk
from tests.chart.trees import build

ROLLING_GPU = {"maxSurge": 0, "maxUnavailable": 1}
ROLLING_CPU = {"maxSurge": "25%", "maxUnavailable": 0}
CPU = {"gpu.enabled": False}
SCALED = {"autoscaling.enabled": True}
KEDA = {"keda.enabled": True, "keda.serverAddress": "http://prometheus:9090"}
SHARED = {"modelCache.type": "pvc", "modelCache.accessModes": ["ReadWriteMany"]}


@pytest.mark.parametrize(
    ("values", "rolling"),
    [
        ({}, None),
        ({"server.replicaCount": 3}, ROLLING_GPU),
        (SCALED, ROLLING_GPU),
        (CPU, ROLLING_CPU),
        ({**CPU, "server.replicaCount": 3}, ROLLING_CPU),
        ({**CPU, "modelCache.type": "pvc"}, None),
        ({**CPU, **SHARED}, ROLLING_CPU),
        ({"server.strategy": {"type": "RollingUpdate", "rollingUpdate": ROLLING_CPU}}, ROLLING_CPU),
    ],
    ids=str,
)
def test_the_old_pod_goes_first_where_a_new_one_finds_no_place(
    values: Mapping[str, Any], rolling: dict[str, Any] | None
) -> None:
    strategy = find(render(build(values)), "Deployment", "-server")["spec"]["strategy"]
    expected: dict[str, Any] = {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert strategy == (expected if rolling else {"type": "Recreate"})


@pytest.mark.parametrize("values", [SCALED, KEDA], ids=["hpa", "keda"])
def test_an_autoscaler_alone_decides_how_many(values: Mapping[str, Any]) -> None:
    assert "replicas" not in find(render(build(values)), "Deployment", "-server")["spec"]
    assert find(render({}), "Deployment", "-server")["spec"]["replicas"] == 1


def test_the_autoscaler_goes_by_what_pods_really_tell() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    gauges = {family.name for family in registry.collect() if family.type == "gauge"}
    for name in ("active_requests", "embedding_queue_texts", "embedding_queue_tokens"):
        metric = {"name": name, "averageValue": 4_000_000}
        manifests = render(build({**SCALED, "autoscaling.metrics": [metric]}))
        hpa = find(manifests, "HorizontalPodAutoscaler")
        assert hpa["apiVersion"] == "autoscaling/v2"
        assert (
            hpa["spec"]["scaleTargetRef"]["name"]
            == find(manifests, "Deployment", "-server")["metadata"]["name"]
        )
        (asked,) = hpa["spec"]["metrics"]
        assert asked["pods"]["metric"]["name"] in gauges
        assert asked["pods"]["target"]["averageValue"] == 4_000_000
    query = find(render(build(KEDA)), "ScaledObject")["spec"]["triggers"][0]["metadata"]["query"]
    assert query.removeprefix("sum(").partition("{")[0] in gauges


def test_keda_asks_for_the_pods_that_the_monitor_scrapes() -> None:
    manifests = render(build({**KEDA, "metrics.serviceMonitor.enabled": True}))
    query = find(manifests, "ScaledObject")["spec"]["triggers"][0]["metadata"]["query"]
    service = find(manifests, "Service", "-metrics")
    assert f'service="{service["metadata"]["name"]}"' in query
    wanted = find(manifests, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    chosen = [
        each["metadata"]["name"]
        for each in find_all(manifests, "Service")
        if wanted.items() <= each["metadata"]["labels"].items()
    ]
    assert chosen == [service["metadata"]["name"]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"server.replicaCount": 0}, None),
        ({**SCALED}, None),
        ({"server.replicaCount": 2}, {"maxUnavailable": 1}),
        ({"server.replicaCount": 4, "pdb.minAvailable": 3}, {"minAvailable": 3}),
        ({**SCALED, "autoscaling.minReplicas": 2}, {"maxUnavailable": 1}),
        ({"server.replicaCount": 2, "pdb.enabled": False}, None),
    ],
    ids=str,
)
def test_a_budget_never_holds_up_a_drain(
    values: Mapping[str, Any], expected: dict[str, int] | None
) -> None:
    found = find_all(render(build(values)), "PodDisruptionBudget")
    kept = ("minAvailable", "maxUnavailable")
    told = [{key: each["spec"][key] for key in kept if key in each["spec"]} for each in found]
    assert told == ([expected] if expected else [])


def test_gpus_are_asked_for_as_much_as_they_are_bounded() -> None:
    pod = server(render(build({"gpu.count": 2, "gpu.resourceName": "nvidia.com/mig-1g.10gb"})))
    resources = pod["containers"][0]["resources"]
    assert resources["requests"]["nvidia.com/mig-1g.10gb"] == 2
    assert resources["limits"]["nvidia.com/mig-1g.10gb"] == 2
    assert not {"tolerations", "runtimeClassName", "nodeSelector"} & set(pod)
    assert read_env(pod["containers"][0])["DEVICE"] == "auto"


@pytest.mark.parametrize(("minor", "version"), [("1.33", "v1beta2"), ("1.34", "v1")])
def test_devices_are_claimed_by_the_api_that_the_cluster_has(
    helm: Helm, minor: str, version: str
) -> None:
    manifests = helm.template({"gpu.mode": "dra", "gpu.count": 2}, f"--kube-version={minor}.0")
    claim = find(manifests, "ResourceClaimTemplate")
    assert claim["apiVersion"] == f"resource.k8s.io/{version}"
    (request,) = claim["spec"]["spec"]["devices"]["requests"]
    assert request["exactly"]["count"] == 2
    pod = server(manifests)
    (asked,) = pod["resourceClaims"]
    assert asked["resourceClaimTemplateName"] == claim["metadata"]["name"]
    assert pod["containers"][0]["resources"]["claims"] == [{"name": asked["name"]}]
    assert not [path for path, value in walk(pod) if "nvidia.com" in f"{path} {value}"]


def test_without_gpus_nothing_speaks_of_them(helm: Helm) -> None:
    text = helm("template", "a", CHART, "--set=gpu.enabled=false,crds.enabled=false")
    text = "\n".join(line for line in text.splitlines() if "#" not in line)
    assert "nvidia" not in text
    assert read_env(server(render(build(CPU)))["containers"][0])["DEVICE"] == "cpu"


def test_somebody_elses_claim_is_taken() -> None:
    values = {"gpu.mode": "dra", "gpu.dra.existingClaimTemplate": "shared"}
    manifests = render(build(values))
    assert find_all(manifests, "ResourceClaimTemplate") == []
    assert server(manifests)["resourceClaims"][0]["resourceClaimTemplateName"] == "shared"


@pytest.mark.parametrize(
    ("values", "volume", "settings"),
    [
        ({}, {"emptyDir": {"sizeLimit": "20Gi"}}, {"HF_HUB_OFFLINE": None}),
        (
            {"modelCache.type": "pvc"},
            {"persistentVolumeClaim": {"claimName": "gpu-embedding-models"}},
            {"HF_HUB_OFFLINE": None},
        ),
        (
            {"modelCache.type": "hostPath", "modelCache.hostPath": "/srv/models"},
            {"hostPath": {"path": "/srv/models", "type": "DirectoryOrCreate"}},
            {"HF_HUB_OFFLINE": None},
        ),
        (
            {
                "model.source": "pvc",
                "modelCache.type": "existingClaim",
                "modelCache.existingClaim": "a",
            },
            {"persistentVolumeClaim": {"claimName": "a", "readOnly": True}},
            {"HF_HUB_OFFLINE": "1"},
        ),
        (
            {"model.source": "imageVolume", "model.image.tag": "1"},
            {"image": {"reference": "gpu-embedding-model:1", "pullPolicy": "IfNotPresent"}},
            {"HF_HUB_OFFLINE": "1"},
        ),
        ({"model.source": "image"}, None, {"HF_HUB_OFFLINE": "1"}),
    ],
    ids=["hub", "cache", "folder", "claim", "image-volume", "image"],
)
def test_the_model_comes_from_where_it_is(
    values: Mapping[str, Any], volume: Mapping[str, Any] | None, settings: Mapping[str, str | None]
) -> None:
    pod = server(render(build(values)))
    found = [each for each in pod["volumes"] if each["name"] == "models"]
    assert found == ([{"name": "models", **volume}] if volume else [])
    env = read_env(pod["containers"][0])
    assert {name: env.get(name) for name in settings} == settings


@pytest.mark.parametrize(
    ("values", "reference", "name"),
    [
        ({"name": "org/a"}, "org/a", "org/a"),
        ({"name": "org/a", "revision": "abc"}, "org/a=org/a@abc", "org/a"),
        ({"name": "package:mini", "servedName": "mini"}, "mini=package:mini", "mini"),
    ],
    ids=str,
)
def test_the_server_reads_the_models_name_and_serves_it_as_indexes_ask_for_it(
    monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str], reference: str, name: str
) -> None:
    manifests = render({"model": dict(values)})
    env = read_env(server(manifests)["containers"][0])
    assert env["EMBEDDING_MODEL"] == reference
    monkeypatch.setenv("EMBEDDING_MODEL", env["EMBEDDING_MODEL"])
    assert load_settings().references[0].name == name
    defaults = find(manifests, "ConfigMap", "-defaults")["data"]["defaults.yaml"]
    assert f'model: "{name}"' in defaults


def test_all_settings_of_a_pod_are_what_the_server_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"MAX_QUEUE_TOKENS": 8_000_000, "MAX_WAIT": 2.5, "ALLOW_EMPTY_TEXTS": True}
    pod = server(render(build({"server.config": config, "model.allowed": ["a", "b"]})))
    for name, value in read_env(pod["containers"][0]).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.max_queue_tokens == 8_000_000
    assert settings.max_wait == 2.5
    assert settings.allow_empty_texts
    assert settings.database_url == "none"
    assert settings.metrics_port == 9090
    assert [each.name for each in settings.references][1:] == ["a", "b"]
    grace = settings.shutdown_delay + settings.shutdown_grace
    assert pod["terminationGracePeriodSeconds"] > grace


def test_its_ports_and_probes_are_the_servers_own(default: list[Manifest]) -> None:
    (container,) = server(default)["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports == {"http": 8001, "metrics": 9090}
    paths = {
        probe: container[f"{probe}Probe"]["httpGet"]["path"]
        for probe in ("startup", "readiness", "liveness")
    }
    assert paths == {"startup": "/startupz", "readiness": "/readyz", "liveness": "/livez"}
    startup = container["startupProbe"]
    budget = startup["periodSeconds"] * startup["failureThreshold"]
    assert budget >= 1800, "the server's own MODEL_LOAD_TIMEOUT"
    deployment = find(default, "Deployment", "-server")
    assert deployment["spec"]["progressDeadlineSeconds"] > budget
