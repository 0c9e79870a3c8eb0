"""Whether bfloat16 pays: by how much a layer of the model is faster in it on this machine."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from embedding_service.inference.backends.packing.architectures import Anatomy
from embedding_service.inference.backends.packing.encoder import Layer
from embedding_service.inference.backends.packing.linears import Make
from embedding_service.inference.backends.packing.refusals import NotPackable
from embedding_service.inference.backends.packing.timing import TIMED_ROWS, Task, time_by_row

_LEAST_GAIN = 1.2
"""A CPU without instructions for bfloat16 is many times slower in it."""


def check_gain(anatomy: Anatomy, fast: Make, exact: Make) -> None:
    """Time one layer either way, without its attention. Raises NotPackable unless `fast` pays."""
    with torch.inference_mode():
        ways = {
            make: list(_tasks(anatomy.build_layer(0, make), anatomy.width, make.dtype))
            for make in (fast, exact)
        }
        seconds = time_by_row(ways)
    gain = seconds[exact] / seconds[fast]
    if gain < _LEAST_GAIN:
        raise NotPackable(
            f"bfloat16 is {gain:.2f} times as fast as float32 on this machine, and is taken from "
            f"{_LEAST_GAIN:g} times on"
        )


def _tasks(layer: Layer, width: int, dtype: torch.dtype) -> Iterator[Task]:
    for rows in TIMED_ROWS:
        hidden = torch.randn(rows, width).to(dtype)
        yield rows, partial(_run, layer, hidden)


def _run(layer: Layer, hidden: Tensor) -> Tensor:
    layer.qkv(hidden)
    return layer.finish(hidden, hidden)
