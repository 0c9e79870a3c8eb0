"""`python -m embedding_operator`."""

import asyncio
import sys

from embedding_operator.app import run
from embedding_operator.errors import OperatorError
from embedding_operator.logs import configure_logs
from embedding_operator.settings import load_settings


def main() -> int:
    """Run the operator; what it cannot start for is said without a traceback."""
    try:
        settings = load_settings()
        configure_logs(settings)
        asyncio.run(run(settings))
    except OperatorError as error:
        sys.stderr.write(f"cannot run:\n{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
