"""Where the API server has each kind."""

from embedding_operator.names import CHILDREN, DEPLOYMENTS, INDEXES, PODS


def test_the_core_group_has_a_path_of_its_own() -> None:
    assert PODS.path == "/api/v1"
    assert DEPLOYMENTS.path == "/apis/apps/v1"
    assert INDEXES.path == "/apis/gpu-embedding.io/v1alpha1"


def test_what_pods_mount_is_made_before_pods() -> None:
    kinds = [kind.kind for kind in CHILDREN]
    assert kinds.index("Deployment") > kinds.index("PersistentVolumeClaim")
    assert kinds.index("Deployment") > kinds.index("ConfigMap")
    assert kinds.index("Deployment") > kinds.index("NetworkPolicy")
