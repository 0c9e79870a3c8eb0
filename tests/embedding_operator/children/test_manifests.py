"""Everything that an index is made of, in whole: manifests/<name>.yaml has what is to come."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from embedding_indexes import DEFAULTS, SHARED, wanted
from embedding_operator.children.deployments import build_deployment
from embedding_operator.children.environment import build_environment
from embedding_operator.children.ingresses import build_alias_ingress
from embedding_operator.children.metadata import MANAGED_BY, UID, build_selector
from embedding_operator.children.pods import build_template
from embedding_operator.defaults import Defaults
from embedding_operator.names import CLAIMS, DEPLOYMENTS, INGRESSES, PROGRAM, SERVICES
from embedding_operator.plan.children import Child, list_children
from embedding_operator.resolution.wanted import Wanted
from kept_manifests import check
from pod_security import find_violations

FOLDER = Path(__file__).parent / "manifests"
TEMPLATE = {
    "labels": {"team": "search"},
    "annotations": {"note": "x"},
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "priorityClassName": "high",
    "terminationGracePeriod": "2m",
    "env": [{"name": "HTTPS_PROXY", "value": "http://proxy"}],
}
SPECS: dict[str, dict[str, Any]] = {
    "minimal": {},
    "postgresql": {
        **SHARED,
        "replicas": 3,
        "auth": {"secret": {"name": "keys"}},
        "fields": {"lang": "Keyword"},
        "dimension": 8,
        "resources": {"requests": {"cpu": 2}, "limits": {"memory": "4Gi"}},
        "podTemplate": TEMPLATE,
    },
    "gpu": {
        "encoder": {"mode": "InPod", "gpu": {"count": 2}},
        "model": "BAAI/bge-m3",
        "engine": {"type": "Flat"},
        "database": SHARED["database"],
    },
    "ingress": {
        "auth": {"mode": "None"},
        "aliases": ["live", "latest"],
        "ingress": {
            "host": "shop.example",
            "className": "nginx",
            "tls": {"secret": {"name": "certificate"}},
            "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "64m"},
        },
    },
    "bootstrap": {
        "bootstrap": {
            "uri": "s3://bucket/team/uid/id",
            "secret": {"name": "source"},
            "endpoint": "http://minio:9000",
            "region": "eu-central-1",
        },
        "storage": {
            "type": "Volume",
            "volume": {
                "size": "5Gi",
                "storageClassName": "shared",
                "accessMode": "ReadWriteMany",
            },
        },
        "encoder": {"url": "http://other", "secret": {"name": "tier"}},
        "reload": {"snapshot": "0001"},
    },
}
NAMES = {"ingress": "default"}


def make(name: str, **changes: Any) -> Wanted:
    return wanted({**SPECS[name], **changes}, name=NAMES.get(name, "docs"))


def children_of(made: Wanted) -> list[Child]:
    return list(list_children(made, "system", is_open=True))


def pod_of(made: Wanted) -> dict[str, Any]:
    spec: dict[str, Any] = build_template(made)["spec"]
    return spec


EVERY = pytest.mark.parametrize("name", SPECS)


@EVERY
def test_an_index_is_made_of_the_manifests_that_are_kept(name: str) -> None:
    manifests = [child.manifest for child in children_of(make(name))]
    check(FOLDER, name, [yaml.safe_load(yaml.safe_dump(each)) for each in manifests])


@EVERY
def test_every_pod_passes_pod_security_restricted(name: str) -> None:
    assert list(find_violations(pod_of(make(name)))) == []


@EVERY
def test_no_pod_has_a_token_of_the_api_server(name: str) -> None:
    pod = pod_of(make(name))
    assert pod["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in pod


@EVERY
def test_variables_have_a_name_and_a_value_and_nothing_else(name: str) -> None:
    (container,) = pod_of(make(name))["containers"]
    assert {tuple(each) for each in container["env"]} == {("name", "value")}
    assert all(isinstance(each["value"], str) for each in container["env"])
    assert "envFrom" not in container


@EVERY
def test_the_selector_of_pods_never_changes(name: str) -> None:
    (deployment,) = [each for each in children_of(make(name)) if each.kind is DEPLOYMENTS]
    spec = deployment.manifest["spec"]
    index = NAMES.get(name, "docs")
    selector = {"gpu-embedding.io/index": index, "gpu-embedding.io/role": "server"}
    assert spec["selector"]["matchLabels"] == selector
    assert spec["template"]["metadata"]["labels"].items() >= selector.items()


@EVERY
def test_children_say_whose_they_are_and_go_with_it_except_volumes(name: str) -> None:
    made = make(name)
    for child in children_of(made):
        metadata = child.manifest["metadata"]
        assert metadata["labels"][UID] == made.meta.uid
        assert metadata["labels"][MANAGED_BY] == PROGRAM
        owners = [each["uid"] for each in metadata.get("ownerReferences", ())]
        assert owners == ([] if child.kind is CLAIMS else [made.meta.uid])
        assert metadata["namespace"] == made.meta.namespace


@EVERY
def test_every_name_fits_into_a_label(name: str) -> None:
    made = wanted(SPECS[name], name="n" * 40)
    assert all(len(child.key[1]) <= 63 for child in children_of(made))


@EVERY
def test_the_operators_port_is_in_no_service_and_no_ingress(name: str) -> None:
    for child in children_of(make(name)):
        if child.kind in (SERVICES, INGRESSES):
            text = yaml.safe_dump(child.manifest)
            assert "8002" not in text
            assert "admin" not in text


def test_before_it_is_open_an_index_has_no_way_to_it() -> None:
    closed = list(list_children(make("ingress"), "system", is_open=False))
    assert not {SERVICES, INGRESSES} & {child.kind for child in closed}


@EVERY
def test_variables_of_the_spec_replace_none_of_ours(name: str) -> None:
    ours = build_environment(make(name, podTemplate=None))
    theirs = [{"name": each, "value": "theirs"} for each in (*ours, "MINE")]
    both = build_environment(make(name, podTemplate={"env": theirs}))
    assert both == {**ours, "MINE": "theirs"}


def test_labels_of_the_spec_replace_none_of_ours() -> None:
    theirs = {"gpu-embedding.io/role": "x", "app.kubernetes.io/name": "y", "mine": "z"}
    made = make("minimal", podTemplate={"labels": theirs})
    labels = build_template(made)["metadata"]["labels"]
    assert labels["mine"] == "z"
    assert labels.items() >= build_selector(made.meta).items()
    assert labels["app.kubernetes.io/name"] == "embedding-index"


def test_a_pod_with_a_volume_of_its_own_waits_for_its_node() -> None:
    assert pod_of(make("minimal"))["tolerations"] == []
    seconds = [each.get("tolerationSeconds") for each in pod_of(make("gpu"))["tolerations"]]
    assert seconds == [30, 30]


@pytest.mark.parametrize(
    ("mode", "strategy"), [("ReadWriteOnce", "Recreate"), ("ReadWriteMany", "RollingUpdate")]
)
def test_a_volume_that_one_node_has_is_given_up_before_the_next_pod_asks(
    mode: str, strategy: str
) -> None:
    storage = {"type": "Volume", "volume": {"accessMode": mode}}
    made = build_deployment(make("postgresql", storage=storage, replicas=1))
    assert made["spec"]["strategy"]["type"] == strategy


def test_who_says_how_long_to_wait_for_a_node_is_heard() -> None:
    own = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "tolerationSeconds": 9}
    pod = pod_of(make("gpu", podTemplate={"tolerations": [own]}))
    told = {each["key"]: each["tolerationSeconds"] for each in pod["tolerations"]}
    assert told == {"node.kubernetes.io/unreachable": 9, "node.kubernetes.io/not-ready": 30}


@pytest.mark.parametrize(("told", "seconds"), [("0s", 1), ("1s", 1), ("1m30s", 90)])
def test_a_pod_is_never_taken_for_gone_while_it_runs(told: str, seconds: int) -> None:
    pod = pod_of(make("minimal", podTemplate={"terminationGracePeriod": told}))
    assert pod["terminationGracePeriodSeconds"] == seconds


def test_a_request_is_never_above_its_limit() -> None:
    pod = pod_of(make("minimal", resources={"limits": {"memory": "256Mi"}}))
    assert pod["containers"][0]["resources"]["requests"]["memory"] == "256Mi"


def test_affinity_of_the_spec_takes_the_place_of_ours() -> None:
    own: dict[str, Any] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}
    assert pod_of(make("minimal", podTemplate={"affinity": own}))["affinity"] == own


def test_a_plain_s3_server_is_asked_by_http() -> None:
    s3 = {"bucket": "snapshots", "prefix": "deep", "endpoint": "http://s3:9000", "region": "eu"}
    made = make("minimal", storage={"type": "S3", "s3": s3})
    environment = build_environment(made)
    told = {name: environment[name] for name in environment if name.startswith(("AWS", "SNAP"))}
    assert told == {
        "SNAPSHOT_URL": "s3://snapshots/deep",
        "AWS_REGION": "eu",
        "AWS_ENDPOINT": "http://s3:9000",
        "AWS_ALLOW_HTTP": "true",
    }


def test_an_encrypted_s3_server_is_asked_by_https_alone() -> None:
    s3 = {"bucket": "snapshots", "endpoint": "https://s3:9000"}
    environment = build_environment(make("minimal", storage={"type": "S3", "s3": s3}))
    assert environment["AWS_ENDPOINT"] == "https://s3:9000"
    assert "AWS_ALLOW_HTTP" not in environment


def test_an_alias_has_no_path_without_a_host() -> None:
    with pytest.raises(ValueError, match="host"):
        build_alias_ingress(make("minimal"), "live")


def test_images_are_pulled_by_the_installations_secrets() -> None:
    given_ = DEFAULTS.model_dump()
    given_["images"] |= {"pull_secrets": ["registry"]}
    pod = pod_of(wanted({}, Defaults.model_validate(given_)))
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
