"""What an installation gives to its indexes: one file, checked at the start."""

from pathlib import Path

import pytest

from embedding_operator.defaults import Defaults, load_defaults
from embedding_operator.errors import BadConfiguration

GOOD = """\
model: minilm
encoder: {url: "http://tier:8001"}
images: {index: "index:1", server: "server:1"}
peers: {app.kubernetes.io/name: gpu-embedding-operator, plain: x}
"""


def load(folder: Path, text: str | bytes) -> Defaults:
    path = folder / "defaults.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_defaults(path)


def test_a_model_a_tier_and_images_are_enough(tmp_path: Path) -> None:
    defaults = load(tmp_path, GOOD)
    assert (defaults.model, defaults.database.type, defaults.storage.type) == (
        "minilm",
        "SQLite",
        "Volume",
    )
    assert (defaults.bounds.rollouts, defaults.auth_secret) == (5, None)
    assert defaults.peers["app.kubernetes.io/name"] == "gpu-embedding-operator"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file"),
        ("[]", "the file"),
        ("model: [", "cannot be read"),
        (b"\xff\xfe\xff", "cannot be read"),
        (GOOD + "modle: x\n", "modle"),
        (GOOD.replace("http", "ftp"), "encoder.url"),
        (GOOD.replace("http://", "http://user@"), "encoder.url"),
        (GOOD + "database: {size: much}\n", "database.size"),
        (GOOD + "database: {secret: Main}\n", "database.secret"),
        (GOOD + "bounds: {rollouts: 0}\n", "bounds.rollouts"),
        (GOOD.replace("plain", "'no label'"), "peers"),
    ],
)
def test_a_fault_says_where_it_is(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(BadConfiguration, match=told) as caught:
        load(tmp_path, text)
    assert all(line.startswith("DEFAULTS_FILE: ") for line in caught.value.message.splitlines()[:1])


def test_every_fault_has_a_line(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration) as caught:
        load(tmp_path, "model: ''\nencoder: {}\n")
    assert len(caught.value.message.splitlines()) == 3


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="cannot be read"):
        load_defaults(tmp_path / "none.yaml")
