"""How fast this machine multiplies now: for each line of stdin a line of JSON.

    python -m benchmarks.serving.peers.gemm CORES

A product of 2048 by 2048 matrices in float32 on all cores, by torch's own linear (`default`) and
by oneDNN's with its weight packed before (`prepacked`), in GFLOP/s: the median of a few each.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

_SIZE: Final = 2048
_ROUNDS: Final = 5


def build_products() -> Mapping[str, Callable[[], Tensor]]:
    """The two ways; one, where this torch has no other."""
    x, weight = torch.randn(_SIZE, _SIZE), torch.randn(_SIZE, _SIZE)
    ways: dict[str, Callable[[], Tensor]] = {"default": lambda: functional.linear(x, weight)}
    try:
        ops = torch.ops.mkldnn
        packed = ops._reorder_linear_weight(weight)  # noqa: SLF001  no other name
        apply = ops._linear_pointwise.default  # noqa: SLF001
        apply(x, packed, None, "none", [], "")
    except (AttributeError, RuntimeError):
        return ways
    ways["prepacked"] = lambda: apply(x, packed, None, "none", [], "")
    return ways


def probe(products: Mapping[str, Callable[[], Tensor]]) -> dict[str, float]:
    """GFLOP/s of each."""
    seconds: dict[str, list[float]] = {name: [] for name in products}
    for _ in range(_ROUNDS):
        for name, multiply in products.items():
            began = time.perf_counter()
            multiply()
            seconds[name].append(time.perf_counter() - began)
    return {name: 2 * _SIZE**3 / statistics.median(each) / 1e9 for name, each in seconds.items()}


def main(cores: str) -> None:
    """Until stdin ends."""
    torch.set_num_threads(int(cores))
    products = build_products()
    with torch.inference_mode():
        probe(products)
        for _ in sys.stdin:
            sys.stdout.write(json.dumps(probe(products)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
