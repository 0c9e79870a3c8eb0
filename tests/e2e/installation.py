"""The release that tests share, and indexes of its operator's."""

import json
from typing import Any

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Manifest, Namespace
from tests.e2e.releases import Release
from waiting import wait_until

NAME = "gpu-embedding"
SECONDS = 180.0


def install(kubectl: Kubectl) -> Release:
    """The release that tests share, ready. Its namespace admits hardened pods alone."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": NAME, "labels": labels}
    kubectl.apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))
    release = Release(NAME, Namespace(NAME, kubectl))
    release.bring_up()
    return release


def build_index(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "gpu-embedding.io/v1alpha1",
        "kind": "EmbeddingIndex",
        "metadata": {"name": name},
        "spec": spec,
    }


def build_snapshot(name: str, index: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "gpu-embedding.io/v1alpha1",
        "kind": "EmbeddingIndexSnapshot",
        "metadata": {"name": name},
        "spec": {"indexRef": {"name": index}, **spec},
    }


def change(namespace: Namespace, name: str, **spec: Any) -> None:
    """Have an index's spec say this too; None takes a field away."""
    patch = json.dumps({"spec": spec})
    namespace.run("patch", "embeddingindex", name, "--type=merge", f"--patch={patch}")


def find_pods(namespace: Namespace, name: str) -> list[Manifest]:
    """The pods that serve an index, and are not told to end."""
    selector = f"gpu-embedding.io/index={name},gpu-embedding.io/role=server"
    return list(namespace.pods(selector))


def lose_pods(namespace: Namespace, name: str) -> None:
    """Have all pods of an index killed, and wait until as many others serve."""
    selector = f"gpu-embedding.io/index={name}"
    before = {pod["metadata"]["uid"] for pod in namespace.pods(selector)}
    namespace.run("delete", "pods", f"--selector={selector}", "--force", "--grace-period=0")

    def are_others() -> bool:
        pods = namespace.pods(selector)
        uids = {pod["metadata"]["uid"] for pod in pods}
        return len(uids) == len(before) and not uids & before and all(map(is_ready, pods))

    wait_until(are_others, SECONDS, f"other pods of {name} are ready")


def is_ready(pod: Manifest) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any((each["type"], each["status"]) == ("Ready", "True") for each in conditions)


def wait_for_snapshot(
    namespace: Namespace, name: str, phase: str = "Completed", seconds: float = SECONDS
) -> dict[str, Any]:
    """Wait until a snapshot is over, as is expected; its status."""

    def is_over() -> dict[str, Any] | None:
        status = read_snapshot(namespace, name)
        return status if status.get("phase") in {"Completed", "Failed"} else None

    status = wait_until(is_over, seconds, f"the snapshot {name} is over")
    assert status["phase"] == phase, status
    return status


def read_snapshot(namespace: Namespace, name: str) -> dict[str, Any]:
    """The status of a snapshot."""
    status: dict[str, Any] = namespace.get("embeddingindexsnapshot", name).get("status", {})
    return status


def read_condition(namespace: Namespace, name: str, type_: str) -> dict[str, str]:
    """One condition of an index; empty while it is not told of the spec as it is now."""
    body = namespace.get("embeddingindex", name)
    found = [
        each
        for each in body.get("status", {}).get("conditions", ())
        if (each["type"], each["observedGeneration"]) == (type_, body["metadata"]["generation"])
    ]
    return dict(found[0]) if found else {}


def wait_for_condition(
    namespace: Namespace,
    name: str,
    type_: str,
    status: str = "True",
    reason: str | None = None,
    seconds: float = SECONDS,
) -> dict[str, str]:
    """Wait until a condition of an index has a status, and a reason where one is given."""

    def is_so() -> dict[str, str] | None:
        found = read_condition(namespace, name, type_)
        known = found.get("status") == status and reason in (None, found.get("reason"))
        return found if known else None

    try:
        return wait_until(is_so, seconds, f"{type_} of {name} is {status} {reason or ''}")
    except TimeoutError as error:
        told = json.dumps(namespace.get("embeddingindex", name).get("status"), indent=1)
        raise TimeoutError(f"{error}; its status: {told}") from None
