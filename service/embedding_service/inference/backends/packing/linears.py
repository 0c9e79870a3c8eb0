"""Weights as the CPU likes them best: oneDNN's prepacked form, or torch's plain one.

Plain linears are MKL's, which on some CPUs reach half of what the core can do, and on others all
of it; so which form is used is measured. The prepacked one has names with an underscore, hence the
test whether they are there and right. In float32 both are exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from embedding_service.inference.backends.base import Form
from embedding_service.inference.backends.packing.timing import TIMED_ROWS, time_by_row

_MOST_ERROR = {torch.float32: 1e-4, torch.bfloat16: 0.05}
"""Of unit-normal input and weights scaled to give about the same; rounding is far below."""


@dataclass(frozen=True, slots=True)
class Make:
    """How linears are made."""

    form: Form
    dtype: torch.dtype = torch.float32


class Linear(Protocol):
    """`y = x @ weight.T + bias`, with what is cheap to do before the result leaves the cache."""

    def __call__(self, x: Tensor) -> Tensor:
        """Shape (rows, out) from (rows, in)."""

    def gelu(self, x: Tensor) -> Tensor:
        """The same, then the exact (erf) GELU."""

    def plus(self, x: Tensor, residual: Tensor) -> Tensor:
        """The same, then `residual` added: shape (rows, out)."""


@dataclass(frozen=True, slots=True)
class PlainLinear:
    """torch's own."""

    weight: Tensor
    bias: Tensor | None

    def __call__(self, x: Tensor) -> Tensor:
        """See Linear."""
        return functional.linear(x, self.weight, self.bias)

    def gelu(self, x: Tensor) -> Tensor:
        """See Linear."""
        return functional.gelu(self(x))

    def plus(self, x: Tensor, residual: Tensor) -> Tensor:
        """See Linear."""
        return self(x).add_(residual)


class PrepackedLinear:
    """oneDNN's, its weight reordered once. Opaque: the packed weight is good for this alone."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        ops = torch.ops.mkldnn
        self._weight = ops._reorder_linear_weight(weight.contiguous())  # noqa: SLF001  no other name
        self._apply = ops._linear_pointwise.default  # noqa: SLF001
        self._add = ops._linear_pointwise.binary  # noqa: SLF001
        self._bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        """See Linear."""
        result: Tensor = self._apply(x, self._weight, self._bias, "none", [], "")
        return result

    def gelu(self, x: Tensor) -> Tensor:
        """See Linear."""
        result: Tensor = self._apply(x, self._weight, self._bias, "gelu", [], "none")
        return result

    def plus(self, x: Tensor, residual: Tensor) -> Tensor:
        """See Linear."""
        result: Tensor = self._add(x, residual, self._weight, self._bias, "add")
        return result


FORMS: dict[Form, Callable[[Tensor, Tensor | None], Linear]] = {
    "plain": PlainLinear,
    "prepacked": PrepackedLinear,
}


def can_prepack(dtype: torch.dtype = torch.float32) -> bool:
    """Whether this torch, on this CPU, has the prepacked form, and it is right."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(48, 32, generator=generator).div(32**0.5).to(dtype)
    bias, x, residual = (
        torch.randn(*shape, generator=generator).to(dtype) for shape in ((48,), (5, 32), (5, 48))
    )
    plain = PlainLinear(weight, bias)
    try:
        packed = PrepackedLinear(weight, bias)
        pairs = (
            (packed(x), plain(x)),
            (packed.gelu(x), plain.gelu(x)),
            (packed.plus(x, residual), plain.plus(x, residual)),
        )
    except (AttributeError, RuntimeError):  # not there; there, but not for this CPU
        return False
    errors = [float((ours - theirs).abs().max()) for ours, theirs in pairs]
    return max(errors) < _MOST_ERROR[dtype]


def choose_form(weight: Tensor) -> Form:
    """The faster form on this machine, for a weight of the model; takes some tens of milliseconds.

    In the weight's own float type.
    """
    if weight.device.type != "cpu" or not can_prepack(weight.dtype):
        return "plain"
    linears = {form: build(weight, None) for form, build in FORMS.items()}
    inputs = [torch.randn(rows, weight.shape[1]).to(weight.dtype) for rows in TIMED_ROWS]
    seconds = time_by_row(
        {
            form: [(len(x), partial(linear.gelu, x)) for x in inputs]
            for form, linear in linears.items()
        }
    )
    return min(seconds, key=seconds.__getitem__)
