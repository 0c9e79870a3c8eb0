"""Parameters: those of an engine are taken within their bounds, and all else is refused."""

import pytest

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.parameters import tell, tune
from embedding_service.indexes.tuning import Tuning

NAMES = ("exact_rows", "recall", "m", "ef_construction", "nlist")
SAID_AS = {name: f"its {name}" for name in NAMES}
AUTO, FLAT, HNSW, IVF = Engine.AUTO, Engine.FLAT, Engine.HNSW, Engine.IVF


@pytest.mark.parametrize("engine", Engine)
def test_what_is_not_given_is_as_usual(engine: Engine) -> None:
    assert tune(engine, {}, SAID_AS) == Tuning()
    assert tune(engine, dict.fromkeys(SAID_AS), SAID_AS) == Tuning()


@pytest.mark.parametrize(
    ("engine", "given"),
    [
        (AUTO, {"exact_rows": 1_000, "recall": 0.8}),
        (AUTO, {"exact_rows": 250_000, "recall": 0.995}),
        (HNSW, {"exact_rows": 1_000, "m": 8, "ef_construction": 16}),
        (HNSW, {"m": 64, "ef_construction": 512}),
        (HNSW, {"m": 64}),
        (IVF, {"recall": 0.9, "nlist": 16}),
        (IVF, {"nlist": 16_384}),
    ],
)
def test_what_is_given_counts(engine: Engine, given: dict[str, float]) -> None:
    made = tune(engine, given, SAID_AS)
    assert tell(engine, made).items() >= given.items()
    assert tune(engine, tell(engine, made), SAID_AS) == made


@pytest.mark.parametrize(
    ("engine", "given", "told"),
    [
        (AUTO, {"exact_rows": 999}, "its exact_rows is 999; use 1,000 to 250,000"),
        (AUTO, {"exact_rows": 250_001}, "its exact_rows is 250,001; use 1,000 to 250,000"),
        (AUTO, {"recall": 0.79}, "its recall is 0.79; use 0.8 to 0.995"),
        (IVF, {"recall": 1.0}, "its recall is 1.0; use 0.8 to 0.995"),
        (HNSW, {"m": 7}, "its m is 7; use 8 to 64"),
        (HNSW, {"m": 65}, "its m is 65; use 8 to 64"),
        (HNSW, {"ef_construction": 513}, "its ef_construction is 513; use 16 to 512"),
        (IVF, {"nlist": 15}, "its nlist is 15; use 16 to 16,384"),
        (IVF, {"nlist": 16_385}, "its nlist is 16,385; use 16 to 16,384"),
        (
            HNSW,
            {"ef_construction": 63},
            "its ef_construction is 63; use at least 64, twice its m, which is 32, or lower that",
        ),
        (FLAT, {"recall": 0.9}, "its recall is of engine auto, hnsw, ivf, not of flat; leave it"),
        (AUTO, {"m": 32}, "its m is of engine hnsw, not of auto; leave it out"),
        (IVF, {"ef_construction": 99}, "its ef_construction is of engine hnsw, not of ivf"),
        (HNSW, {"nlist": 99}, "its nlist is of engine ivf, not of hnsw; leave it out"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_in_a_sentence(
    engine: Engine, given: dict[str, float], told: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        tune(engine, given, SAID_AS)
    assert caught.value.message.startswith(told)
    assert [issue.path for issue in caught.value.issues] == [f"its {next(iter(given))}"]
