"""What sentence-transformers says of models once it has loaded them.

Asked in a process of its own (loaded_facts.py), because torch takes long to import.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from environment import tool_environment

_PROCESS = Path(__file__).with_name("loaded_facts.py")


def load_facts(folders: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    """The longest text and the prompts of each model."""
    command = [sys.executable, str(_PROCESS), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, check=True, env=tool_environment())
    return {Path(folder): facts for folder, facts in json.loads(done.stdout).items()}
