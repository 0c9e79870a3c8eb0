"""What one index's author cannot do to the data of another, whatever the spec says."""

from typing import Any

import pytest

from embedding_indexes import SHARED, UID
from embedding_operator.resources.times import write_time
from small_town import Town

OTHER = {"name": "other", "uid": "uid-of-other"}
STEALING: dict[str, Any] = {"bootstrap": {"retained": UID}, "deletionPolicy": "Delete"}


@pytest.mark.parametrize("replicas", [0, 1])
@pytest.mark.parametrize("data", [{}, SHARED, {"storage": SHARED["storage"]}])
async def test_the_uid_of_another_index_opens_nothing(data: dict[str, Any], replicas: int) -> None:
    town = Town()
    town.build(SHARED)
    await town.settle()
    spec = {**STEALING, **data, "replicas": replicas}
    town.build(spec, **OTHER)
    await town.settle("other")
    town.pods.audiences.clear()
    town.build(spec, **OTHER, deletionTimestamp=write_time(town.now))
    await town.settle("other")
    assert f"team/{UID}" not in town.pods.audiences
