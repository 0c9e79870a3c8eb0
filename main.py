"""Serve from a checkout: `pip install -r requirements.txt && python main.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "service"))

from embedding_service.cli import main

if __name__ == "__main__":
    main(["serve", *sys.argv[1:]])
