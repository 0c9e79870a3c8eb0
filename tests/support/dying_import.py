"""Imports, and is killed when so many batches were acknowledged and the last is not noted yet.

dying_import.py BATCHES ARGUMENTS...
"""

import os
import signal
import sys
from collections.abc import Sequence

from embedding_service.cli import main
from embedding_service.cli.index import access
from embedding_service.cli.index.answers import Written
from embedding_service.cli.index.indexes import Indexes


class MortalIndexes(Indexes):
    """Lives for `left` batches."""

    left = int(sys.argv[1])

    async def add(self, name: str, documents: Sequence[bytes], key: str | None = None) -> Written:
        added = await super().add(name, documents, key)
        MortalIndexes.left -= 1
        if MortalIndexes.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return added


if __name__ == "__main__":
    vars(access)["Indexes"] = MortalIndexes
    main(["index", "import", *sys.argv[2:]])
