"""`python -m embedding_service` is `gpu-embedding`."""

from embedding_service.cli import main

if __name__ == "__main__":
    main()
