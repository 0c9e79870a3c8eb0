"""Makes every tiny model into the folder named on the command line. Slow: imports torch."""

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Transformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from sentence_transformers.sentence_transformer.modules.pooling import PoolingMode
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    MPNetConfig,
    MPNetModel,
    MPNetTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizer,
    XLMRobertaConfig,
    XLMRobertaModel,
    XLMRobertaTokenizer,
)

from tiny_models import (
    BERT,
    DISTILBERT,
    ELECTRA,
    EXCLUDED_PROMPTS,
    MATRYOSHKA,
    MATRYOSHKA_DIMENSIONS,
    MAX_LENGTH,
    MPNET,
    NAMES,
    NAN,
    NAN_WORD,
    PROMPTS,
    RAISING,
    ROBERTA,
    XLM_ROBERTA,
)
from tiny_vocabularies import build_unigram_pieces, build_word_pieces

# Wide enough that texts differ; the usual 0.02 makes all vectors of a random model nearly equal.
_SPREAD = 0.4
_LAYERS: dict[str, Any] = {
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "initializer_range": _SPREAD,
}


@dataclass(frozen=True)
class Recipe:
    """What sets one tiny model apart."""

    family: str = "bert"
    pooling: tuple[PoolingMode, ...] = ("mean",)
    dense: int | None = None
    """Dimensions of a Dense module behind the pooling."""
    normalises: bool = True
    includes_prompt: bool = True
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt_name: str | None = None
    config: dict[str, Any] = field(default_factory=dict)


_RECIPES = {
    BERT: Recipe(),
    MPNET: Recipe(family="mpnet", normalises=False),
    XLM_ROBERTA: Recipe(family="xlm-roberta", normalises=False),
    PROMPTS: Recipe(
        prompts={"query": "query: ", "document": "passage: ", "heading": "a heading: "},
        default_prompt_name="document",
    ),
    EXCLUDED_PROMPTS: Recipe(
        includes_prompt=False,
        normalises=False,
        prompts={"query": "find the text that answers: ", "document": "a text: "},
    ),
    MATRYOSHKA: Recipe(config={"matryoshka_dimensions": list(MATRYOSHKA_DIMENSIONS)}),
    ROBERTA: Recipe(family="roberta", pooling=("cls",), dense=24),
    DISTILBERT: Recipe(family="distilbert", pooling=("max", "mean"), dense=40, normalises=False),
    ELECTRA: Recipe(family="electra", normalises=False),
    NAN: Recipe(),
    RAISING: Recipe(),
}


def make(name: str, folder: Path) -> None:
    """Write one model as sentence-transformers writes it."""
    recipe = _RECIPES[name]
    torch.manual_seed(NAMES.index(name))
    model, tokenizer = _FAMILIES[recipe.family](recipe)
    if name == NAN:
        with torch.no_grad():
            _table(model).weight[tokenizer.convert_tokens_to_ids(NAN_WORD)] = torch.nan
    if name == RAISING:
        _cut_last_row(model)
    plain = folder.with_name(f"{folder.name}.plain")
    model.save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    _assemble(plain, recipe).save(str(folder), create_model_card=False)
    shutil.rmtree(plain)


def _assemble(plain: Path, recipe: Recipe) -> SentenceTransformer:
    transformer = Transformer(str(plain), max_seq_length=MAX_LENGTH)
    width = transformer.get_embedding_dimension()
    pooling = Pooling(width, recipe.pooling, include_prompt=recipe.includes_prompt)
    modules: list[torch.nn.Module] = [transformer, pooling]
    if recipe.dense is not None:
        modules.append(Dense(pooling.get_embedding_dimension(), recipe.dense))
    if recipe.normalises:
        modules.append(Normalize())
    return SentenceTransformer(
        modules=modules,
        prompts=recipe.prompts or None,
        default_prompt_name=recipe.default_prompt_name,
        device="cpu",
    )


def _cut_last_row(model: PreTrainedModel) -> None:
    """Leave the vocabulary's last token without a row, so that the forward raises on it."""
    whole = _table(model)
    shorter = torch.nn.Embedding(whole.num_embeddings - 1, whole.embedding_dim)
    with torch.no_grad():
        shorter.weight.copy_(whole.weight[:-1])
    model.set_input_embeddings(shorter)
    model.config.vocab_size = shorter.num_embeddings


def _table(model: PreTrainedModel) -> torch.nn.Embedding:
    table = model.get_input_embeddings()
    assert isinstance(table, torch.nn.Embedding)
    return table


def _make_bert(recipe: Recipe) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    words = build_word_pieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        max_position_embeddings=MAX_LENGTH,
        **_LAYERS,
        **recipe.config,
    )
    return BertModel(config), BertTokenizer(vocab=words)


def _make_distilbert(recipe: Recipe) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    words = build_word_pieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    config = DistilBertConfig(
        vocab_size=len(words),
        dim=32,
        hidden_dim=64,
        n_layers=2,
        n_heads=4,
        max_position_embeddings=MAX_LENGTH,
        initializer_range=_SPREAD,
        **recipe.config,
    )
    return DistilBertModel(config), BertTokenizer(vocab=words)


def _make_electra(recipe: Recipe) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    words = build_word_pieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    config = ElectraConfig(
        vocab_size=len(words),
        embedding_size=16,
        hidden_size=32,
        intermediate_size=64,
        max_position_embeddings=MAX_LENGTH,
        **_LAYERS,
        **recipe.config,
    )
    return ElectraModel(config), BertTokenizer(vocab=words)


def _make_roberta(recipe: Recipe) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    letters = [*special, *sorted(ByteLevel.alphabet())]
    config = RobertaConfig(
        vocab_size=len(letters),
        hidden_size=32,
        intermediate_size=64,
        max_position_embeddings=MAX_LENGTH + 2,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        **_LAYERS,
        **recipe.config,
    )
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    return RobertaModel(config), RobertaTokenizer(vocab=vocabulary, merges=[])


def _make_mpnet(recipe: Recipe) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    words = build_word_pieces(["<s>", "<pad>", "</s>", "[UNK]", "<mask>"])
    config = MPNetConfig(
        vocab_size=len(words),
        hidden_size=48,
        intermediate_size=96,
        max_position_embeddings=MAX_LENGTH + 2,  # counted from the padding's id on
        **_LAYERS,
        **recipe.config,
    )
    return MPNetModel(config), MPNetTokenizer(vocab=words)


def _make_xlm_roberta(recipe: Recipe) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    pieces = build_unigram_pieces(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    config = XLMRobertaConfig(
        vocab_size=len(pieces),
        hidden_size=64,
        intermediate_size=128,
        max_position_embeddings=MAX_LENGTH + 2,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        **_LAYERS,
        **recipe.config,
    )
    return XLMRobertaModel(config), XLMRobertaTokenizer(vocab=pieces)


_FAMILIES = {
    "bert": _make_bert,
    "distilbert": _make_distilbert,
    "electra": _make_electra,
    "mpnet": _make_mpnet,
    "roberta": _make_roberta,
    "xlm-roberta": _make_xlm_roberta,
}


def main() -> None:
    folder = Path(sys.argv[1])
    for name in NAMES:
        make(name, folder / name)


if __name__ == "__main__":
    main()
