import pytest

from embedding_service.cli.choice import as_setting, choose_model
from embedding_service.cli.complaints import Complaint
from embedding_service.references import parse_reference
from embedding_service.settings import ModelOptions, Settings

SETTINGS = Settings(
    embedding_model="mini=package:some_model",
    allowed_models=("hashing:8", "intfloat/e5-small@v1"),
    model_options={"mini": ModelOptions(max_length=77)},
)


@pytest.mark.parametrize("text", [None, "mini", "package:some_model"])
def test_a_served_model_is_found_by_name_and_by_reference(text: str | None) -> None:
    reference, options = choose_model(SETTINGS, text)
    assert reference == parse_reference("mini=package:some_model")
    assert options.max_length == 77


def test_any_other_reference_will_do() -> None:
    reference, options = choose_model(SETTINGS, "other=hashing:16")
    assert reference == parse_reference("other=hashing:16")
    assert options == ModelOptions()


def test_what_is_no_reference_is_told() -> None:
    with pytest.raises(Complaint, match="is no model reference"):
        choose_model(SETTINGS, "a b")


@pytest.mark.parametrize(
    "text",
    ["mini", "org/model@v1", "hashing:8", "/folder", "./folder", "a=hashing:8", "hashing:8=/x",
     "package=package:x", "hashing:x=b"],
)  # fmt: skip
def test_a_reference_survives_the_way_through_a_setting(text: str) -> None:
    reference = parse_reference(text)
    assert parse_reference(as_setting(reference)) == reference
