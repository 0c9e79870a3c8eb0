"""Values that contradict each other are told in sentences, each with the way out."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from tests.chart.helm import CHART, Helm, HelmFailed
from tests.chart.in_process import refuse
from tests.chart.trees import build


class Fault(NamedTuple):
    """Values by their paths, and what is said of them."""

    given: Mapping[str, Any]
    said: str


SERVED = {"ingress.enabled": True, "ingress.hosts": ["a.example.com"]}
ROUTED = {"httpRoute.enabled": True, "httpRoute.parentRefs": [{"name": "a"}]}
WATCHED = {"keda.enabled": True, "keda.serverAddress": "http://prometheus"}
CLAIMED = {"modelCache.type": "pvc"}
KEYED = {"auth.keys": {"a": {"sha256": "0" * 64}}}

FAULTS = {
    "name-with-a-digit": Fault(
        {"fullnameOverride": "1a"}, '"1a" cannot be a Service\'s name, which begins with a letter'
    ),
    "label-of-ours-everywhere": Fault(
        {"global.commonLabels": {"app.kubernetes.io/part-of": "shop"}},
        "global.commonLabels: app.kubernetes.io/part-of is the chart's own",
    ),
    "label-of-ours": Fault(
        {"server.podLabels": {"app.kubernetes.io/name": "a"}},
        "server.podLabels: app.kubernetes.io/name is the chart's own, and pods are found by it",
    ),
    "nothing-at-all": Fault(
        {"server.enabled": False, "operator.enabled": False, "crds.enabled": False},
        "with all three false nothing is installed; leave one true",
    ),
    "account-of-nobody": Fault(
        {"operator.serviceAccount.create": False}, "set operator.serviceAccount.name"
    ),
    "two-values": Fault(
        {"server.env": [{"name": "A", "value": "b", "valueFrom": {"fieldRef": {}}}]},
        "server.env: A has both value and valueFrom; leave one",
    ),
    "volume-of-ours": Fault(
        {"server.extraVolumes": [{"name": "tmp", "emptyDir": {}}]},
        "server.extraVolumes: tmp is the name of a volume of the chart's own",
    ),
    "short-grace": Fault(
        {"server.terminationGracePeriodSeconds": 40},
        "40 s is over before a good end is (40 s: server.shutdown); set more than 40, or null",
    ),
    "variable-of-ours": Fault(
        {"server.env": [{"name": "DATABASE_URL", "value": "sqlite:///a"}]},
        "server.env: DATABASE_URL is set by the chart already",
    ),
    "variable-of-config": Fault(
        {"server.env": [{"name": "MAX_TEXTS"}], "server.config": {"MAX_TEXTS": 5}},
        "server.env: MAX_TEXTS is set by the chart already",
    ),
    "recreate-rolling": Fault(
        {"server.strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}},
        "server.strategy: Recreate has no rollingUpdate",
    ),
    "count-of-anothers-claim": Fault(
        {"gpu.mode": "dra", "gpu.count": 2, "gpu.dra.existingClaimTemplate": "a"},
        "gpu.count: how many GPUs a claim has is said in a itself; set it to 1",
    ),
    "gpus-twice": Fault(
        {"server.resources.limits": {"nvidia.com/gpu": 2}},
        "server.resources.limits: nvidia.com/gpu follows from gpu.count",
    ),
    "dra-without-gpus": Fault(
        {"gpu.enabled": False, "gpu.mode": "dra"},
        "gpu.mode: dra asks for GPUs, but gpu.enabled is false",
    ),
    "gpu-runtime-without-gpus": Fault(
        {"gpu.enabled": False, "server.runtimeClassName": "nvidia"},
        "server.runtimeClassName: nvidia is for nodes with GPUs",
    ),
    "one-volume-for-many": Fault(
        {**CLAIMED, "server.replicaCount": 2},
        "modelCache.accessModes: ReadWriteOnce lets one node have the volume, but there may be 2",
    ),
    "one-volume-for-a-scaled-tier": Fault(
        {**CLAIMED, "autoscaling.enabled": True},
        "but there may be 4 replicas; take ReadWriteMany, or modelCache.type=emptyDir",
    ),
    "model-on-no-claim": Fault(
        {"model.source": "pvc"},
        "set modelCache.type=existingClaim and modelCache.existingClaim",
    ),
    "claim-without-name": Fault(
        {"modelCache.type": "existingClaim"},
        "modelCache.existingClaim: the claim needs its name",
    ),
    "folder-without-path": Fault(
        {"modelCache.type": "hostPath"}, "modelCache.hostPath: the folder needs its path"
    ),
    "token-for-no-hub": Fault(
        {"model.source": "image", "model.hfToken.existingSecret": "a"},
        "model.hfToken.existingSecret: nothing is asked of the hub, because model.source is image",
    ),
    "revision-of-a-package": Fault(
        {"model.name": "package:minilm", "model.revision": "main"},
        "model.revision: only models of the hub have one, and package:minilm is none",
    ),
    "keys-for-nobody": Fault({"auth.enabled": True}, "auth: no key would let anybody in"),
    "keys-twice": Fault(
        {**KEYED, "auth.enabled": True, "auth.existingSecret": "a"},
        "auth: existingSecret and keys both say which keys there are",
    ),
    "keys-not-asked-for": Fault(KEYED, "auth.enabled: keys are given but not asked for"),
    "way-to-nothing": Fault(
        {**SERVED, "server.enabled": False, "defaults.encoder.url": "http://a"},
        "server.enabled: without the tier there is nothing behind its Ingress or HTTPRoute",
    ),
    "two-ways": Fault({**SERVED, **ROUTED}, "one way from outside is enough"),
    "every-host": Fault({"ingress.enabled": True}, "ingress.hosts: it would answer for every host"),
    "no-gateway": Fault({"httpRoute.enabled": True}, "httpRoute.parentRefs: no Gateway would lead"),
    "node-port": Fault(
        {"service.nodePort": 30_000}, "service.nodePort: a Service of type ClusterIP has none"
    ),
    "port-in-use": Fault({"metrics.port": 8001}, "metrics.port: 8001 is in use by the server"),
    "nothing-to-scrape": Fault(
        {"metrics.enabled": False, "metrics.serviceMonitor.enabled": True},
        "metrics.serviceMonitor.enabled: there are no metrics to scrape",
    ),
    "two-autoscalers": Fault(
        {**WATCHED, "autoscaling.enabled": True},
        "autoscaling.enabled, keda.enabled: two autoscalers would fight",
    ),
    "more-than-most": Fault(
        {"autoscaling.minReplicas": 5},
        "autoscaling.minReplicas: 5 is more than autoscaling.maxReplicas, 4",
    ),
    "no-metric": Fault(
        {"autoscaling.enabled": True, "autoscaling.metrics": []},
        "autoscaling.metrics: an autoscaler needs something to go by",
    ),
    "cpu-of-gpus": Fault(
        {
            "autoscaling.enabled": True,
            "autoscaling.metrics": [],
            "autoscaling.cpuUtilization": 80,
        },
        "autoscaling.cpuUtilization: CPU alone does not tell how busy GPUs are",
    ),
    "metric-not-told": Fault(
        {"autoscaling.enabled": True, "metrics.enabled": False},
        "autoscaling.metrics: pods do not tell them while metrics.enabled is false",
    ),
    "keda-without-eyes": Fault(
        {"keda.enabled": True}, "keda.serverAddress: KEDA needs the address"
    ),
    "both-budgets": Fault(
        {"pdb.minAvailable": 1, "pdb.maxUnavailable": 1, "server.replicaCount": 3},
        "pdb: minAvailable and maxUnavailable exclude each other",
    ),
    "no-drain-ever": Fault(
        {"pdb.minAvailable": 2, "server.replicaCount": 2},
        "pdb.minAvailable: of 2 pods 2 must stay, so no node could ever be drained",
    ),
    "two-operators": Fault(
        {"operator.replicaCount": 2}, "operator.replicaCount: 2 operators would undo each other"
    ),
    "watches-nothing": Fault(
        {"operator.watch.clusterWide": False}, "operator.watch.namespaces: without clusterWide"
    ),
    "watches-twice": Fault(
        {"operator.watch.namespaces": ["a"]}, "operator.watch.namespaces: with clusterWide"
    ),
    "operators-variable": Fault(
        {"operator.env": [{"name": "LOG_LEVEL", "value": "debug"}]},
        "operator.env: LOG_LEVEL is set by the chart already",
    ),
    "nobody-embeds": Fault(
        {"server.enabled": False}, "defaults.encoder.url: without a tier of its own"
    ),
    "postgresql-nowhere": Fault(
        {"defaults.database.type": "PostgreSQL"}, "defaults.database.secret: PostgreSQL needs"
    ),
    "no-bucket": Fault(
        {"defaults.storage.type": "S3"}, "defaults.storage.s3.bucket: S3 needs a bucket"
    ),
    "bucket-for-nothing": Fault(
        {"defaults.storage.s3.bucket": "abc"}, "defaults.storage.type: a bucket is named"
    ),
}
NEEDED = {
    "metrics.serviceMonitor": "the Prometheus Operator",
    "metrics.podMonitors": "the Prometheus Operator",
    "metrics.prometheusRule": "the Prometheus Operator",
    "httpRoute": "the Gateway API",
    "keda": "KEDA",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_contradiction_is_told_alone_and_with_the_way_out(name: str) -> None:
    fault = FAULTS[name]
    message = refuse(build(fault.given))
    (line,) = re.findall(r"^- (.*)$", message, re.MULTILINE)
    assert fault.said in line
    assert re.search(r"[;.] ?\S", line), "what is wrong, then what to do"


def test_each_sentence_of_the_chart_has_its_test() -> None:
    """A sentence is known by its first words after the path that are the same for all values."""
    text = (CHART / "templates" / "_faults.tpl").read_text(encoding="utf-8")
    sentences = re.findall(r"^- (.*)$", text, re.MULTILINE)
    told = {name: refuse(build(fault.given)) for name, fault in FAULTS.items()}
    patterns = [re.sub(r"\\{\\{.*?\\}\\}", ".*", re.escape(each)) for each in sentences]
    untested = [
        pattern
        for pattern in patterns
        if "this\\ cluster" not in pattern
        and not any(re.search(pattern, message) for message in told.values())
    ]
    assert untested == []


@pytest.mark.parametrize("key", NEEDED)
def test_a_kind_that_the_cluster_lacks_is_told(each_helm: Helm, key: str) -> None:
    values = {**ROUTED, **WATCHED, "keda.enabled": False, "httpRoute.enabled": False}
    with pytest.raises(HelmFailed) as failed:
        each_helm.template({**values, f"{key}.enabled": True}, apis=["v1/Pod"])
    told = f"install {NEEDED[key]} first, or set {key}.enabled=false"
    assert told in str(failed.value)


def test_both_helms_say_all_at_once_and_show_no_trace(each_helm: Helm) -> None:
    with pytest.raises(HelmFailed) as failed:
        each_helm.template({"operator.replicaCount": 2, "auth.enabled": True})
    message = str(failed.value)
    assert "The values do not go together:" in message
    assert len(re.findall(r"^- ", message, re.MULTILINE)) == 2
    assert "error calling include" not in message
