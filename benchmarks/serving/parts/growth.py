"""How throughput and latency grow with connections, with length, with batches and with models."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Final

import orjson

from benchmarks.results import Result
from benchmarks.serving.loads import Bodies, make_bodies, make_equal_bodies
from benchmarks.serving.models import Model, find_minilm
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.dialects import Dialect
from benchmarks.serving.stage.drive import Drive
from benchmarks.serving.stage.peers import plan_ours
from benchmarks.serving.stage.sample import take_sample
from benchmarks.serving.stage.server import Server, serving

_TEXTS: Final = 2_048
"""Different ones in a load; of large batches three."""
_FEWEST: Final = 3
_CONNECTIONS: Final = 32
_LONGEST: Final = 512
"""Tokens; the model's own maximum is lower, its positions go so far."""


def measure(scale: Scale, folder: Path) -> Result:
    """Curves of points (what grows, then a sample: see stage/sample.py)."""
    model, result = find_minilm(), Result()
    with serving(plan_ours(model), folder) as server:
        for texts in ("short", "mixed"):
            bodies = make_bodies(model, texts, _TEXTS)
            result.curves[f"connections_{texts}"] = [
                _measure(server, scale, model, bodies, connections)
                for connections in scale.connections
            ]
        result.curves["batches"] = [
            _measure(server, scale, model, _make_batches(model, batch), 1, batch)
            for batch in scale.batches
        ]
    result.curves["lengths"] = _measure_lengths(scale, folder, model)
    result.curves["models"] = [
        _measure_models(scale, folder, model, count) for count in scale.models
    ]
    return result


def _measure(
    server: Server,
    scale: Scale,
    model: Model,
    bodies: Bodies,
    connections: int,
    x: float | None = None,
) -> list[float]:
    server.drive(Drive(bodies, scale.warm_seconds, connections))
    sample = take_sample(server, Drive(bodies, scale.seconds, connections), model.read_shape())
    x = connections if x is None else x
    print(f"    at {x:g}: {sample.texts_per_second:.1f} texts/s", flush=True)
    return [x, *sample.write()]


def _make_batches(model: Model, batch: int) -> Bodies:
    return make_bodies(model, "short", max(_TEXTS // batch, _FEWEST), batch)


def _measure_lengths(scale: Scale, folder: Path, model: Model) -> list[list[float]]:
    """A server that reads as many tokens as the model has positions for."""
    longer = replace(model, max_tokens=_LONGEST)
    options = json.dumps({model.name: {"max_length": _LONGEST}})
    with serving(plan_ours(longer, "longer", MODEL_OPTIONS=options), folder) as server:
        return [
            _measure(
                server,
                scale,
                longer,
                make_equal_bodies(longer, tokens, _TEXTS),
                _CONNECTIONS,
                tokens,
            )
            for tokens in scale.lengths
        ]


def _measure_models(scale: Scale, folder: Path, model: Model, count: int) -> list[float]:
    """The same model under several names, and requests for them in turn."""
    names = [f"model{number}" for number in range(count)]
    with _serving_models(folder, model, names) as server:
        bodies = make_bodies(model, "short", _TEXTS)
        return _measure(server, scale, model, bodies, _CONNECTIONS, count)


@contextmanager
def _serving_models(folder: Path, model: Model, names: Sequence[str]) -> Iterator[Server]:
    first, *others = (f"{name}={model.folder}" for name in names)
    plan = plan_ours(
        model, f"models{len(names)}", EMBEDDING_MODEL=first, ALLOWED_MODELS=",".join(others)
    )
    turns = cycle(names)
    dialect = Dialect(
        plan.dialect.path,
        lambda texts: orjson.dumps({"model": next(turns), "input": texts}),
        plan.dialect.parse,
    )
    with serving(replace(plan, dialect=dialect), folder) as server:
        for _ in names:  # each is loaded with its first request
            server.drive(Drive(make_bodies(model, "short", len(names)), 0.1))
        yield server
