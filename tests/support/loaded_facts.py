"""Prints, for each model folder named, what sentence-transformers says of it once loaded (JSON)."""

import json
import sys

from sentence_transformers import SentenceTransformer


def main() -> None:
    facts = {}
    for folder in sys.argv[1:]:
        model = SentenceTransformer(folder, device="cpu", local_files_only=True)
        facts[folder] = {
            "max_length": model.max_seq_length,
            "prompts": model.prompts,
            "default_prompt_name": model.default_prompt_name,
        }
    print(json.dumps(facts))  # noqa: T201  read by the test that started this


if __name__ == "__main__":
    main()
