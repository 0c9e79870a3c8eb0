"""Which prompt goes before a text.

Follows sentence-transformers' `encode`, `encode_query` and `encode_document`.
"""

from collections.abc import Mapping
from pathlib import Path

from embedding_service.errors import InvalidRequest, Issue
from embedding_service.inference.models.files import read_json
from embedding_service.inference.requests import InputType

_CANDIDATES: Mapping[str, tuple[str, ...]] = {
    "query": ("query",),
    "document": ("document", "passage", "corpus"),
}


def choose_prompt(
    prompts: Mapping[str, str],
    default_prompt_name: str | None,
    input_type: InputType | None,
    prompt_name: str | None,
) -> str:
    """The text to put before each input, empty for none.

    A name goes before the type, the type before the default. An empty prompt that is there counts
    as chosen: sentence-transformers gives every model `query` and `document`, empty unless it has
    them, and so keeps the default away from queries and documents.

    Raises:
        InvalidRequest: `prompt_name` is not one of the model's.
    """
    if prompt_name is not None:
        if prompt_name not in prompts:
            there_are = ", ".join(sorted(prompts)) or "none"
            raise InvalidRequest(
                f"the model has no such prompt; it has: {there_are}",
                [Issue(f"is no prompt of this model; it has: {there_are}", path="prompt_name")],
            )
        return prompts[prompt_name]
    name = name_prompt(prompts, default_prompt_name, input_type)
    return "" if name is None else prompts.get(name, "")


def name_prompt(
    prompts: Mapping[str, str], default_prompt_name: str | None, input_type: InputType | None
) -> str | None:
    """The name of the prompt that `choose_prompt` takes when it is given no name."""
    candidates = _CANDIDATES.get(input_type or "", ())
    return next((name for name in candidates if name in prompts), default_prompt_name)


def complete_prompts(prompts: Mapping[str, str]) -> dict[str, str]:
    """`prompts` as sentence-transformers holds them: `query` and `document` are always there."""
    return {"query": "", "document": "", **prompts}


def read_prompts(folder: Path) -> tuple[dict[str, str], str | None]:
    """The model's prompts and the name of its default one, as loading it would give them."""
    config = read_json(folder / "config_sentence_transformers.json")
    is_ours = (
        isinstance(config, dict)
        and (folder / "modules.json").is_file()
        # Of another kind of model only the weights are taken over when it is loaded for embeddings.
        and config.get("model_type", "SentenceTransformer") == "SentenceTransformer"
    )
    if not is_ours:
        return complete_prompts({}), None
    saved = config.get("prompts") or {}
    prompts = {str(name): str(text or "") for name, text in saved.items()}
    default = config.get("default_prompt_name")
    return complete_prompts(prompts), None if default is None else str(default)
