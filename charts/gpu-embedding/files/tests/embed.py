"""What `helm test` does: embeds a text, and looks at what comes. Python's own library alone.

Reads TIER_URL, TIMEOUT (seconds), API_KEY (empty where there is none), KEYS_REQUIRED and
GPU_WANTED (1 or empty). Ends with 0 where all is well, else with a sentence that says what is not.
"""

import json
import math
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

TEXTS = ["How do I reset my password?", "The harvest was good this year."]
UNAUTHORISED = 401


class Fault(Exception):
    """What is not as it should be, and what to do."""


def main() -> None:
    """Run the checks."""
    url, key = os.environ["TIER_URL"], os.environ.get("API_KEY", "")
    health = wait(f"{url}/health", float(os.environ.get("TIMEOUT", "120")))
    if os.environ.get("KEYS_REQUIRED"):
        check_refusal(url)
    if os.environ.get("KEYS_REQUIRED") and not key:
        print("ok: requests need a key. Without tests.apiKey.existingSecret that is all to see")
        return
    answer = embed(url, key)
    check_vectors(answer, health["dimension"])
    check_device(health)
    print(f"ok: {len(TEXTS)} texts, {answer['dimension']} dimensions, on {health['device']}")


def wait(url: str, seconds: float) -> dict[str, Any]:
    """Until the tier says that it is healthy."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            status, body = ask(url)
        except OSError as error:
            status, body = 0, {"detail": str(error)}
        if status == 200 and body.get("status") == "healthy":
            return body
        if time.monotonic() > deadline:
            raise Fault(
                f"{url} says {body.get('detail', status)} after {seconds:.0f} s; look at its pods: "
                "kubectl describe pod and kubectl logs, with the label "
                "app.kubernetes.io/component=server"
            )
        time.sleep(1)


def check_refusal(url: str) -> None:
    """Nobody gets in without a key."""
    status, _ = ask(f"{url}/api/v1/embeddings/generate", {"texts": TEXTS})
    if status != UNAUTHORISED:
        raise Fault(f"without a key the tier answers {status}, not 401: auth.enabled has no effect")


def embed(url: str, key: str) -> dict[str, Any]:
    """Vectors of TEXTS."""
    status, body = ask(f"{url}/api/v1/embeddings/generate", {"texts": TEXTS}, key)
    if status == UNAUTHORISED:
        raise Fault("the tier does not know the key of tests.apiKey: see docs/authentication.md")
    if status != 200:
        raise Fault(f"the tier answers {status}: {json.dumps(body)}")
    return body


def check_vectors(answer: dict[str, Any], dimension: int) -> None:
    """As many as there are texts, each as long as the model says, of unit length, each another."""
    vectors = answer["embeddings"]
    if [len(each) for each in vectors] != [dimension] * len(TEXTS):
        raise Fault(f"wanted {len(TEXTS)} vectors of {dimension}, got {list(map(len, vectors))}")
    norms = [math.sqrt(sum(x * x for x in each)) for each in vectors]
    if any(abs(norm - 1) > 1e-3 for norm in norms):
        raise Fault(f"vectors should have length 1, but have {norms}")
    if sum(x * y for x, y in zip(*vectors, strict=True)) > 0.95:
        raise Fault("two texts about different things have the same vector")


def check_device(health: dict[str, Any]) -> None:
    """On a GPU, where one is asked for."""
    if os.environ.get("GPU_WANTED") and not str(health["device"]).startswith("cuda"):
        raise Fault(
            f"gpu.enabled is true, but the tier runs on {health['device']}: "
            f"{health.get('fallback')}; mend that, or set gpu.enabled=false"
        )


def ask(url: str, body: Any = None, key: str = "") -> tuple[int, dict[str, Any]]:
    """Status and body of an answer. Raises OSError where there is none."""
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310  # from the chart
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        return error.code, {"detail": text}


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(f"failed: {fault}")
