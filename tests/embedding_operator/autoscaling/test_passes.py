"""An index that is scaled by its load, pass after pass."""

from embedding_indexes import SHARED
from embedding_operator.names import PODS
from observed import a_report
from small_town import Town


async def test_an_index_is_scaled_by_the_cpu_that_its_pods_use() -> None:
    town = Town()
    # Half a core of work, and pods that are to carry half of the 250m that they request.
    town.build({**SHARED, "autoscaling": {"max": 9, "targets": {"cpu": 50}}})
    spent, counts = 0.0, []
    for _ in range(20):
        spent += 0.5 * 5 / max(1, len(town.cluster.of(PODS)))
        town.pods.told = a_report(load={"cpu_seconds": spent})
        await town.turn(after=5)
        counts.append(town.status["autoscaling"]["desired"])
    assert (counts[0], counts[-1], max(counts)) == (1, 4, 4)
