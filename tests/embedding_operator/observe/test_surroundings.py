"""What is read of an index's surroundings: who else scales it, whether its namespace goes."""

from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import NAMESPACE, NOW, SHARED, an_index
from embedding_operator.names import AUTOSCALERS, NAMESPACES
from embedding_operator.observe.cache import Cache
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.observer import Observer
from embedding_operator.resources.times import write_time
from fake_cluster import FakeCluster
from fake_operator_pods import FakePods
from small_town import DOCS


class Sight:
    """An observer, and the cluster that it looks at."""

    def __init__(self) -> None:
        self.cluster, self.now = FakeCluster(), NOW
        self.observer = Observer(self.cluster, FakePods(), Cache(), lambda: self.now)

    async def look(self, spec: dict[str, Any] | None = None, **meta: Any) -> Observation:
        return await self.observer.observe(an_index(spec, **meta), (), 45.0)

    def scale(self, name: str, kind: str, target: str) -> None:
        """Have an autoscaler of this name."""
        metadata = {"name": name, "namespace": NAMESPACE}
        spec = {"scaleTargetRef": {"kind": kind, "name": target}}
        self.cluster.add(AUTOSCALERS, {"metadata": metadata, "spec": spec})


async def test_autoscalers_of_an_index_that_scales_itself_are_looked_for_once_a_minute() -> None:
    sight = Sight()
    spec = {**SHARED, "autoscaling": {"max": 3, "targets": {"inFlight": 8}}}
    sight.scale("mine", "EmbeddingIndex", "docs")
    sight.scale("other", "EmbeddingIndex", "other")
    sight.scale("deployment", "Deployment", "docs")
    assert (await sight.look()).autoscalers == ()
    assert (await sight.look(spec)).autoscalers == ("mine",)
    sight.scale("later", "EmbeddingIndex", "docs")
    assert (await sight.look(spec)).autoscalers == ("mine",)
    sight.now += timedelta(minutes=1)
    assert (await sight.look(spec)).autoscalers == ("mine", "later")
    sight.cluster.objects.clear()
    sight.observer.forget(DOCS)
    assert (await sight.look(spec)).autoscalers == ()


@pytest.mark.parametrize(
    ("metadata", "is_ending"),
    [({}, False), ({"deletionTimestamp": write_time(NOW)}, True), (None, True)],
)
async def test_of_an_index_that_goes_it_is_known_whether_its_namespace_goes_too(
    metadata: dict[str, Any] | None, is_ending: bool
) -> None:
    sight = Sight()
    if metadata is not None:
        namespace = {"metadata": {"name": NAMESPACE, **metadata}}
        sight.cluster.objects[NAMESPACES, "", NAMESPACE] = namespace
    assert not (await sight.look()).is_namespace_ending
    seen = await sight.look(deletionTimestamp=write_time(NOW))
    assert seen.is_namespace_ending is is_ending
