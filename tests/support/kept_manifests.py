"""Manifests that are kept in files, so that a change of one is seen by whoever reads the change."""

import os
from pathlib import Path
from typing import Any

import yaml

REWRITE = "REWRITE_MANIFESTS"
"""Environment variable: write the files anew instead of comparing."""


def check(folder: Path, name: str, manifests: list[dict[str, Any]]) -> None:
    """Compare with `<name>.yaml` of `folder`."""
    path = folder / f"{name}.yaml"
    made = yaml.safe_dump_all(manifests, sort_keys=False, width=100)
    if os.environ.get(REWRITE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8")
    kept = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    assert manifests == kept, f"set {REWRITE}=1 to write {path.name} anew, then read what changed"
