from pathlib import Path

import pytest

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.imports.batches import Batch
from embedding_service.cli.index.imports.mark import Mark


def batch(*numbers: int) -> Batch:
    return Batch(list(numbers), [b"{}"] * len(numbers))


def test_it_moves_when_all_before_is_done(tmp_path: Path) -> None:
    mark = Mark(tmp_path, "d")
    mark.finish(1, batch(4, 5))
    assert (mark.number, mark.documents) == (0, 0)
    mark.finish(0, batch(1, 3))
    assert (mark.number, mark.documents) == (5, 4)


def test_it_goes_on_with_the_keys_it_had(tmp_path: Path) -> None:
    first = Mark(tmp_path, "d")
    first.finish(0, batch(1, 2))
    second = Mark(tmp_path, "d")
    assert (second.number, second.documents) == (2, 2)
    assert second.key_of(batch(3, 4)) == first.key_of(batch(3, 4)) != first.key_of(batch(1, 2))
    second.finish(0, batch(3))
    assert Mark(tmp_path, "d").number == 3


def test_two_imports_of_one_file_have_different_keys(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, other = Mark(tmp_path / "a", "d" * 64), Mark(tmp_path / "b", "d" * 64)
    assert one.key_of(batch(1)) != other.key_of(batch(1))
    assert len(one.key_of(batch(10**9, 2 * 10**9))) <= 255


@pytest.mark.parametrize("content", [b"", b"[]", b'{"key": 1}'])
def test_a_damaged_one_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "progress.json").write_bytes(content)
    with pytest.raises(Complaint, match="is damaged; begin afresh"):
        Mark(tmp_path, "d")
