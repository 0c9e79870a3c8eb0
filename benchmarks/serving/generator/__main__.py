"""Makes one load.

    python -m benchmarks.serving.generator CALLS < ORDER

ORDER is one line of JSON (see order.py), and so is the file CALLS afterwards. Answers are not read
while the load runs, but for their length, and the clock stops at their last byte.
"""

import asyncio
import gc
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import uvloop

from benchmarks.serving.generator.loops import Loop
from benchmarks.serving.generator.order import Order


def main(calls: str) -> None:
    """Leave what came of it."""
    order = Order(**json.loads(sys.stdin.readline()))
    requests = [build_request(order, body) for body in Path(order.bodies).read_bytes().splitlines()]
    kept: dict[int, bytes] = {}

    def keep(number: int, body: bytes) -> None:
        if number < order.kept:
            kept.setdefault(number, body)

    loop = Loop(order, requests, keep)
    gc.disable()  # a load makes no circles worth a pause
    took, began = time.process_time(), time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(loop.run())
    loop.calls.busy = (time.process_time() - took) / (time.perf_counter() - began)
    if order.answers:
        lines = (
            b"%d %b" % (number, " ".join(body.decode().split("\n")).encode())
            for number, body in kept.items()
        )
        Path(order.answers).write_bytes(b"\n".join(lines))
    Path(calls).write_text(json.dumps(asdict(loop.calls)), encoding="utf-8")


def build_request(order: Order, body: bytes) -> bytes:
    """The bytes of a request with a body of JSON."""
    head = (
        f"{order.method} {order.path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{order.headers}\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    main(*sys.argv[1:])
