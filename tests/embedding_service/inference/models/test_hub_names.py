import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from embedding_service.inference.models.hub_names import NAMES_WITHOUT_ORGANISATION, hub_id


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"),
        ("intfloat/e5-small", "intfloat/e5-small"),
        ("bert-base-uncased", "bert-base-uncased"),
        ("BERT-base-uncased", "BERT-base-uncased"),
    ],
)
def test_only_bare_names_get_the_organisation(name: str, repository: str) -> None:
    assert hub_id(name) == repository


def test_the_exceptions_are_those_of_sentence_transformers() -> None:
    spec = find_spec("sentence_transformers")
    assert spec is not None
    assert spec.origin is not None
    # Read, not imported: it would bring torch along.
    tree = ast.parse((Path(spec.origin).parent / "util" / "misc.py").read_text())
    (names,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("ORIGINAL_")
    )
    assert frozenset(names) == NAMES_WITHOUT_ORGANISATION
