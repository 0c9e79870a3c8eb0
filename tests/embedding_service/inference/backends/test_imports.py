"""What sentence-transformers is imported without is there for everybody who asks later."""

import json
import subprocess
import sys

import pytest

from environment import tool_environment
from served_models import MINILM, model_folder

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(300)]

_PROGRAM = """
import json, sys
from embedding_service.inference.backends.base import LoadSpec
from embedding_service.inference.backends.imports import import_backend

spec = LoadSpec("packed", sys.argv[1], "cpu", 1, None, False)
backend = import_backend("packed").load(spec)
loaded = set(sys.modules)

import torch
from sentence_transformers.util.similarity import pairwise_distances
from sklearn.metrics import accuracy_score

compiled = torch.compile(lambda x: x + 1, backend="eager")
print(json.dumps({
    "backend": backend.facts.backend,
    "unneeded": sorted({"sklearn", "torch._dynamo", "torch.distributed.tensor"} & loaded),
    "distances": pairwise_distances([[0.0, 0.0]], [[3.0, 4.0]]).tolist(),
    "accuracy": accuracy_score([1, 0], [1, 1]),
    "compiled": compiled(torch.zeros(1)).tolist(),
    "compiler": hasattr(torch._dynamo, "OptimizedModule"),
}))
"""


def test_a_model_is_loaded_without_a_compiler_and_both_are_there_afterwards() -> None:
    command = [sys.executable, "-c", _PROGRAM, str(model_folder(MINILM))]
    done = subprocess.run(command, capture_output=True, check=True, env=tool_environment())
    assert json.loads(done.stdout) == {
        "backend": "packed",
        "unneeded": [],
        "distances": [[5.0]],
        "accuracy": 0.5,
        "compiled": [1.0],
        "compiler": True,
    }
