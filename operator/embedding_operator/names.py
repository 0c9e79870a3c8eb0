"""What kinds are called. Changing a name is changing an interface."""

from dataclasses import dataclass
from typing import Final

GROUP: Final = "gpu-embedding.io"
VERSION: Final = "v1alpha1"
PROGRAM: Final = "gpu-embedding-operator"
"""As what this program writes, asks and signs."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object, as the API server has it."""

    api: str
    """Group and version, as in `apiVersion`."""
    kind: str
    plural: str

    @property
    def path(self) -> str:
        """Where the API server has its group."""
        return f"/api/{self.api}" if "/" not in self.api else f"/apis/{self.api}"


INDEXES: Final = Kind(f"{GROUP}/{VERSION}", "EmbeddingIndex", "embeddingindexes")
SNAPSHOTS: Final = Kind(f"{GROUP}/{VERSION}", "EmbeddingIndexSnapshot", "embeddingindexsnapshots")
DEPLOYMENTS: Final = Kind("apps/v1", "Deployment", "deployments")
SERVICES: Final = Kind("v1", "Service", "services")
CONFIG_MAPS: Final = Kind("v1", "ConfigMap", "configmaps")
CLAIMS: Final = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
BUDGETS: Final = Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
JOBS: Final = Kind("batch/v1", "Job", "jobs")
INGRESSES: Final = Kind("networking.k8s.io/v1", "Ingress", "ingresses")
POLICIES: Final = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
PODS: Final = Kind("v1", "Pod", "pods")
NAMESPACES: Final = Kind("v1", "Namespace", "namespaces")
AUTOSCALERS: Final = Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
EVENTS: Final = Kind("events.k8s.io/v1", "Event", "events")
SECRETS: Final = Kind("v1", "Secret", "secrets")

CHILDREN: Final = (CLAIMS, CONFIG_MAPS, SERVICES, POLICIES, DEPLOYMENTS, BUDGETS, INGRESSES, JOBS)
"""What an index may own, in the order in which it is made."""
