"""The server on a GPU: how much of it long texts take, and how soon short ones are answered.

The model is all-mpnet-base-v2: a smaller one could not fill a GPU.
"""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.machine import say
from benchmarks.results import Result
from benchmarks.serving.loads import make_bodies, make_equal_bodies
from benchmarks.serving.models import Model, find_mpnet
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.drive import Drive
from benchmarks.serving.stage.peers import plan_ours
from benchmarks.serving.stage.sample import Sample, take_sample
from benchmarks.serving.stage.server import Server, serving

PEAKS: Final = {"H200": 989.0, "H100": 989.0, "A100": 312.0, "L40": 181.0, "L4": 121.0}
"""Dense bfloat16 TFLOP/s as NVIDIA's data sheets have them, by a part of the name."""
_LONG: Final = 512
_LONG_BATCH: Final = 256
_LONG_CONNECTIONS: Final = 4
_CONNECTIONS: Final = 128
_RATE: Final = 20.0
_AHEAD: Final = 1.0
"""Seconds by which the bulk load comes before interactive texts and goes on after them."""


def measure(scale: Scale, folder: Path) -> Result:
    """Curves of one sample each: `long`, `single`, `many`, `hundred`, `beside`."""
    model, name = find_mpnet(), find_gpu()
    if name is None:
        return Result(lacking="there is no NVIDIA GPU here")
    if model is None:
        return Result(lacking="all-mpnet-base-v2 is not here; `make bench-gpu` installs it")
    longer = replace(model, max_tokens=_LONG)
    options = json.dumps({model.name: {"max_length": _LONG}})
    plan = plan_ours(longer, DEVICE="cuda", DTYPE="bfloat16", MODEL_OPTIONS=options)
    result = Result({"peak_gflops": 1e3 * find_peak(name)}, notes={"gpu": name})
    with serving(plan, folder) as server:
        _measure_all(server, scale, longer, result)
    return result


def _measure_all(server: Server, scale: Scale, model: Model, result: Result) -> None:
    bulk = make_equal_bodies(model, _LONG, 8, _LONG_BATCH)
    short, hundred = make_bodies(model, "short", 1_024), make_bodies(model, "short", 16, 100)
    shape = model.read_shape()
    drives = {
        "long": Drive(bulk, 2 * scale.seconds, _LONG_CONNECTIONS),
        "single": Drive(short, scale.seconds),
        "many": Drive(short, scale.seconds, _CONNECTIONS),
        "hundred": Drive(hundred, scale.seconds),
    }
    for curve, drive in drives.items():
        server.drive(replace(drive, seconds=scale.warm_seconds))
        _enter(result, curve, take_sample(server, drive, shape))
    with ThreadPoolExecutor(1) as pool:
        saturating = Drive(bulk, scale.beside_seconds + 2 * _AHEAD, _LONG_CONNECTIONS)
        load = pool.submit(server.drive, saturating)
        time.sleep(_AHEAD)
        few = Drive(short, scale.beside_seconds, rate=_RATE)
        _enter(result, "beside", take_sample(server, few, shape))
        load.result()


def _enter(result: Result, curve: str, sample: Sample) -> None:
    print(f"    {curve}: {sample.texts_per_second:.0f} texts/s, p50 {sample.p50_ms:.1f} ms")
    result.curves[curve] = [sample.write()]


def find_gpu() -> str | None:
    """The first one's name."""
    if shutil.which("nvidia-smi") is None:
        return None
    names = say(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])
    return names.splitlines()[0] if names else None


def find_peak(name: str) -> float:
    """TFLOP/s; 0 where it is not known."""
    return next((peak for part, peak in PEAKS.items() if part in name), 0.0)
