"""sentence-transformers, imported without what no forward needs.

A third of its import is torch's compiler, of which transformers wants decorators alone, torch's
distributed tensors, and scikit-learn, of which one distance is wanted. While sentence-transformers
is imported they have stand-ins: 2.8 s of a core instead of 4.3, and 85 MiB of memory less (EPYC,
torch 2.15, transformers 5.23, bytecode there). Afterwards the stand-ins are gone: whoever asks for
the compiler, or for scikit-learn, gets the real one.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

_COMPILER = "torch._dynamo"
_SCIKIT = "sklearn"
_METRICS = "sklearn.metrics"
_FOR_ALL_MODELS = "transformers.generation.utils"
"""Imported by whatever model is loaded, were it only for a name."""


def import_backend(name: str) -> ModuleType:
    """The module of a backend, with all it needs. Raises whatever a broken installation does."""
    path = f"embedding_service.inference.backends.{name}"
    if name == "hashing":
        return importlib.import_module(path)
    with without_compiler(), _without_scikit():
        module = importlib.import_module(path)
        importlib.import_module(_FOR_ALL_MODELS)
    return module


@contextmanager
def without_compiler() -> Iterator[None]:
    """No import of torch's compiler within; a function decorated for it stays as it is.

    For imports, and for the load of a model, which touches random numbers and so the compiler.
    """
    import torch.distributed  # noqa: PLC0415  takes seconds, which most processes must not pay

    # For good, as in a torch that was built without: transformers asks again and again, and no
    # worker ever shards a model.
    torch.distributed.is_available = lambda: False
    folder = Path(torch.__file__).parent.joinpath(*_COMPILER.split(".")[1:])
    with _in_place(_Decorators(_COMPILER, [str(folder)])):
        yield


@contextmanager
def _without_scikit() -> Iterator[None]:
    with _in_place(_Empty(_SCIKIT, [])), _in_place(_Metrics(_METRICS)):
        yield


@contextmanager
def _in_place(stand_in: ModuleType) -> Iterator[None]:
    name = stand_in.__name__
    if name in sys.modules:
        yield
        return
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        del sys.modules[name]


class _Empty(ModuleType):
    """A package, or with no `path` a module."""

    def __init__(self, name: str, path: list[str] | None = None) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None, is_package=path is not None)
        if path is not None:
            self.__path__ = path


class _Decorators(_Empty):
    """Whatever is asked of it leaves a function as it is; its submodules are the real ones."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _leave_alone


class _Metrics(_Empty):
    """Imports the real one when it is used."""

    @staticmethod
    def pairwise_distances(*arguments: Any, **named: Any) -> Any:
        """As in scikit-learn."""
        metrics = importlib.import_module(_METRICS)
        return metrics.pairwise_distances(*arguments, **named)


def _leave_alone(function: Any = None, *_: Any, **__: Any) -> Any:
    """A decorator, with arguments of its own or without."""
    return function if callable(function) else _leave_alone
