"""Models of the transformers library, taken apart into a packed encoder.

Types are compared exactly: a subclass, or a linear that an adapter has replaced, may compute
something else, and is left to its own forward. They are named, not imported: the families that a
model is not of would cost every start the better part of a second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from embedding_service.inference.backends.packing.attention import GroupedAttention
from embedding_service.inference.backends.packing.blocks import ANY_SIZE, FEW_SIZES
from embedding_service.inference.backends.packing.encoder import Embeddings, Encoder, Layer, Norm
from embedding_service.inference.backends.packing.linears import FORMS, Linear, Make
from embedding_service.inference.backends.packing.refusals import NotPackable

_EXACT_GELU = "transformers.activations.GELUActivation"


@dataclass(frozen=True, slots=True)
class _Parts:
    """Where one layer keeps its modules."""

    qkv: tuple[Any, Any, Any]
    out: Any
    attention_norm: Any
    up: Any
    activation: Any
    down: Any
    output_norm: Any


@dataclass(frozen=True, slots=True)
class _Family:
    """What models of one class have in common."""

    layers: Callable[[Any], Any]
    take_apart: Callable[[Any], _Parts]
    counts_from_padding: bool
    """Whether positions are counted from the padding's id on."""
    has_bias: bool = False
    """Whether attention knows relative positions."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A model taken apart, of which layers and encoders of any make can be built.

    All weights are copied: one that were not would keep the whole file mapped that it is from.
    """

    model: Any
    family: _Family
    parts: tuple[_Parts, ...]

    @property
    def width(self) -> int:
        """Of its hidden states."""
        return int(self.model.config.hidden_size)

    @property
    def weight(self) -> Tensor:
        """One of the larger linears' weights."""
        return _checked(self.parts[0].up).weight.detach()

    def build_layer(self, number: int, make: Make) -> Layer:
        """One layer. Raises NotPackable."""
        parts = self.parts[number]
        return Layer(
            qkv=_build_linear(make, *parts.qkv),
            out=_build_linear(make, parts.out),
            attention_norm=_build_norm(parts.attention_norm),
            up=_build_linear(make, parts.up),
            activation=None if _is_exact_gelu(parts.activation) else parts.activation,
            down=_build_linear(make, parts.down),
            output_norm=_build_norm(parts.output_norm),
        )

    def build_encoder(self, make: Make) -> Encoder:
        """The whole of it. Raises NotPackable."""
        bias = _build_bias(self.model).to(make.dtype) if self.family.has_bias else None
        return Encoder(
            _build_embeddings(
                self.model.embeddings, counts_from_padding=self.family.counts_from_padding
            ),
            tuple(self.build_layer(number, make) for number in range(len(self.parts))),
            GroupedAttention(int(self.model.config.num_attention_heads), bias),
            FEW_SIZES if make.form == "prepacked" else ANY_SIZE,
            width=self.width,
            dtype=make.dtype,
        )


def dissect(model: nn.Module | None) -> Anatomy:
    """Take a model apart. Raises NotPackable."""
    family = _FAMILIES.get(_path_of(model))
    if model is None or family is None:
        raise NotPackable(f"its architecture is {type(model).__name__}")
    config: Any = model.config
    if getattr(config, "is_decoder", False):
        raise NotPackable("it is a decoder")
    return Anatomy(model, family, tuple(family.take_apart(each) for each in family.layers(model)))


def _build_embeddings(module: Any, *, counts_from_padding: bool) -> Embeddings:
    places = module.position_embeddings.weight.detach().clone()
    if hasattr(module, "token_type_embeddings"):
        places += module.token_type_embeddings.weight.detach()[0]
    return Embeddings(
        words=module.word_embeddings.weight.detach().clone(),
        places=places,
        norm=_build_norm(module.LayerNorm),
        padding_id=int(module.padding_idx) if counts_from_padding else None,
    )


def _build_linear(make: Make, *modules: Any) -> Linear:
    """One linear that does what `modules` do side by side."""
    weights = [_checked(module).weight.detach() for module in modules]
    biases = [module.bias.detach() for module in modules if module.bias is not None]
    if len(biases) not in {0, len(modules)}:
        raise NotPackable("only some of its query, key and value have a bias")
    bias = torch.cat(biases).to(make.dtype) if biases else None
    return FORMS[make.form](torch.cat(weights).to(make.dtype), bias)


def _build_norm(module: Any) -> Norm:
    if type(module) is not nn.LayerNorm or module.bias is None:
        raise NotPackable(f"it normalises by {type(module).__name__}")
    return Norm(module.weight.detach().clone(), module.bias.detach().clone(), float(module.eps))


def _build_bias(model: Any) -> Tensor:
    """MPNet's, for texts as long as the model has positions: shape (heads, longest, longest)."""
    longest = int(model.config.max_position_embeddings)
    with torch.inference_mode():
        bias: Tensor = model.encoder.compute_position_bias(torch.empty(1, longest, 1))
    return bias[0]


def _checked(module: Any) -> nn.Linear:
    if type(module) is not nn.Linear:
        raise NotPackable(f"one of its linears is a {type(module).__name__}")
    return module


def _is_exact_gelu(activation: Any) -> bool:
    if isinstance(activation, nn.GELU):
        return activation.approximate == "none"
    return _path_of(activation) == _EXACT_GELU


def _path_of(module: object) -> str:
    return f"{type(module).__module__}.{type(module).__qualname__}"


def _take_bert(layer: Any) -> _Parts:
    attention = layer.attention
    return _Parts(
        qkv=(attention.self.query, attention.self.key, attention.self.value),
        out=attention.output.dense,
        attention_norm=attention.output.LayerNorm,
        up=layer.intermediate.dense,
        activation=layer.intermediate.intermediate_act_fn,
        down=layer.output.dense,
        output_norm=layer.output.LayerNorm,
    )


def _take_mpnet(layer: Any) -> _Parts:
    attention = layer.attention.attn
    return _Parts(
        qkv=(attention.q, attention.k, attention.v),
        out=attention.o,
        attention_norm=layer.attention.LayerNorm,
        up=layer.intermediate.dense,
        activation=layer.intermediate.intermediate_act_fn,
        down=layer.output.dense,
        output_norm=layer.output.LayerNorm,
    )


def _take_distilbert(layer: Any) -> _Parts:
    return _Parts(
        qkv=(layer.attention.q_lin, layer.attention.k_lin, layer.attention.v_lin),
        out=layer.attention.out_lin,
        attention_norm=layer.sa_layer_norm,
        up=layer.ffn.lin1,
        activation=layer.ffn.activation,
        down=layer.ffn.lin2,
        output_norm=layer.output_layer_norm,
    )


def _family_of_bert(*, counts_from_padding: bool) -> _Family:
    return _Family(lambda model: model.encoder.layer, _take_bert, counts_from_padding)


_FAMILIES = {
    "transformers.models.bert.modeling_bert.BertModel": _family_of_bert(counts_from_padding=False),
    "transformers.models.roberta.modeling_roberta.RobertaModel": _family_of_bert(
        counts_from_padding=True
    ),
    "transformers.models.xlm_roberta.modeling_xlm_roberta.XLMRobertaModel": _family_of_bert(
        counts_from_padding=True
    ),
    "transformers.models.mpnet.modeling_mpnet.MPNetModel": _Family(
        lambda model: model.encoder.layer, _take_mpnet, counts_from_padding=True, has_bias=True
    ),
    "transformers.models.distilbert.modeling_distilbert.DistilBertModel": _Family(
        lambda model: model.transformer.layer, _take_distilbert, counts_from_padding=False
    ),
}
