"""Tunings: kept by programs of several days."""

from embedding_service.indexes.tuning import Tuning


def test_a_tuning_comes_back_from_its_json() -> None:
    tuning = Tuning(exact_rows=2_000, recall=0.9, m=48, ef_construction=200, nlist=64)
    assert Tuning.of(tuning.as_json()) == tuning


def test_what_another_program_knows_or_does_not_is_passed_over_or_as_usual() -> None:
    assert Tuning.of({"m": 16, "novelty": True}) == Tuning(m=16)
    assert Tuning.of({}) == Tuning()


def test_a_graph_is_searched_for_more_than_it_must_find() -> None:
    assert Tuning().aim == 0.99
    assert Tuning(recall=0.9).aim == 0.95
