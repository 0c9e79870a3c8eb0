"""The lock files hold what pyproject.toml asks for, pinned and hashed, and agree."""

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from generate import ROOT

EXTRAS = ("index", "cpu", "gpu", "dev", "bench")
FILES = (*EXTRAS, "bench-infinity", "bench-mpnet", "helm", "judges", "uv")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

Pins = dict[str, set[str]]


def read_blocks(name: str) -> list[str]:
    """A pin with its hashes, as one line each."""
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8").replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def read_pins(name: str) -> Pins:
    """Names to versions; one name may have several, each for some versions of Python."""
    pins: Pins = {}
    for block in read_blocks(name):
        pinned, _, version = re.split(r"[ ;]", block)[0].partition("==")
        pins.setdefault(pinned, set()).add(version)
    return pins


def list_wanted(extra: str) -> Iterator[Requirement]:
    """The direct requirements of an extra, those of the extras it builds on included."""
    for text in PROJECT["optional-dependencies"][extra]:
        requirement = Requirement(text)
        if requirement.name == PROJECT["name"]:
            for other in requirement.extras:
                yield from list_wanted(other)
        else:
            yield requirement


@pytest.mark.parametrize("name", FILES)
def test_every_pin_is_exact_and_hashed(name: str) -> None:
    pin = re.compile(r"[a-z0-9-]+==[^ ]+ .*--hash=sha256:[0-9a-f]{64}")
    assert [block[:60] for block in read_blocks(name) if not pin.match(block)] == []


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_lock_holds_what_the_extra_asks_for(extra: str) -> None:
    pins = read_pins(extra)
    missing = [
        str(wanted)
        for wanted in list_wanted(extra)
        if not any(map(wanted.specifier.contains, pins.get(canonicalize_name(wanted.name), ())))
    ]
    assert missing == [], "run `make lock`"


@pytest.mark.parametrize("extra", ["index", "cpu", "gpu", "bench"])
def test_what_ships_is_what_was_tested(extra: str) -> None:
    tested, shipped = read_pins("dev"), read_pins(extra)
    assert [name for name in shipped if shipped[name] != tested.get(name, shipped[name])] == []


def test_the_two_devices_differ_in_faiss_and_what_it_brings() -> None:
    cpu, gpu = set(read_pins("cpu")), set(read_pins("gpu"))
    assert cpu - gpu == {"faiss-cpu"}
    brought = {"libcuvs-cu13", "libraft-cu13", "librmm-cu13", "nvidia-curand", "rapids-logger"}
    assert gpu - cpu == {"faiss-gpu-cuvs", *brought}


def test_a_server_of_indexes_has_what_the_others_have_but_what_runs_models() -> None:
    index, cpu = read_pins("index"), read_pins("cpu")
    assert index.items() <= cpu.items()
    assert not {"torch", "sentence-transformers", "transformers"} & set(index)


def test_every_cuda_library_is_of_one_generation() -> None:
    assert [name for name in read_pins("gpu") if re.search(r"-cu(?!13$)\d+$", name)] == []
