"""Pods' port 8002, all of them in one process: each has an address of the loopback network.

    python -m benchmarks.operator.stage.pods COUNT

Whatever is asked is answered at once, as by a pod that is well; tokens are not looked at.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
from aiohttp import web

from embedding_operator.children.environment import ADMIN_PORT
from embedding_operator.reports import IndexReport, Report
from tests.cluster.waiting import wait_until

_STATUS: Final = Report(
    instance="process",
    version="1",
    ready=True,
    index=IndexReport(
        model="mini", fingerprint="f" * 64, dimension=384, documents=3, version=7, applied=7
    ),
)
_PER_BLOCK: Final = 250


def name_address(number: int) -> str:
    """127.64.0.0/16, as far as nobody else uses it."""
    block, rest = divmod(number, _PER_BLOCK)
    return f"127.64.{block}.{rest + 1}"


@contextmanager
def running_pods(count: int) -> Iterator[None]:
    """Answer at the first `count` addresses until the block ends."""
    process = subprocess.Popen([sys.executable, "-m", __spec__.name, str(count)])
    last = f"http://{name_address(count - 1)}:{ADMIN_PORT}/status"
    try:
        wait_until(
            lambda: _answers(process, last),
            "no pod answers",
            30,
            f"is something else on port {ADMIN_PORT}?",
        )
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"pods cannot listen on port {ADMIN_PORT}; see above")
    try:
        return httpx.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


async def serve(count: int) -> None:
    """Until it is ended."""
    status = _STATUS.model_dump_json()

    async def tell(_: web.Request) -> web.Response:
        return web.Response(text=status, content_type="application/json")

    async def do(request: web.Request) -> web.Response:
        return web.json_response({"jobs" if request.path == "/jobs" else "dropped": []})

    app = web.Application()
    app.router.add_get("/status", tell)
    app.router.add_route("*", "/{path:.*}", do)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None  # noqa: S101  it was set up
    hosts = [name_address(number) for number in range(count)]
    server = await asyncio.get_running_loop().create_server(runner.server, hosts, ADMIN_PORT)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
