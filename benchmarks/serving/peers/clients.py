"""What client libraries get out of a server; run where they are installed.

    python -m benchmarks.serving.peers.clients PORT MODEL SECONDS < TEXTS

TEXTS is a list in JSON. One line of JSON on stdout: `{client: [ms of one text, texts/s of many]}`.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from langchain_openai import OpenAIEmbeddings
from openai import OpenAI
from pydantic import SecretStr

Embed = Callable[[Sequence[str]], object]

_KEY: Final = "none"


def build_clients(port: int, model: str) -> Mapping[str, Embed]:
    """Of each library a call that embeds texts."""
    address = f"http://127.0.0.1:{port}/v1"
    openai = OpenAI(api_key=_KEY, base_url=address, max_retries=0)
    langchain = OpenAIEmbeddings(
        model=model,
        openai_api_key=SecretStr(_KEY),
        openai_api_base=address,
        check_embedding_ctx_length=False,
    )
    return {
        "openai": lambda texts: openai.embeddings.create(input=list(texts), model=model),
        "langchain-openai": lambda texts: langchain.embed_documents(list(texts)),
    }


def measure(embed: Embed, texts: Sequence[str], seconds: float) -> list[float]:
    """Milliseconds of one text at a time, the median; texts a second of all at once."""
    embed(texts)
    alone: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        embed([texts[len(alone) % len(texts)]])
        alone.append(time.perf_counter() - began)
    began, count = time.perf_counter(), 0
    while (now := time.perf_counter()) < began + seconds:
        embed(texts)
        count += len(texts)
        now = time.perf_counter()
    return [statistics.median(alone) * 1e3, count / (now - began)]


def main(port: str, model: str, seconds: str) -> None:
    """Print what came of it."""
    texts: list[str] = json.load(sys.stdin)
    told = {
        name: measure(embed, texts, float(seconds))
        for name, embed in build_clients(int(port), model).items()
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
