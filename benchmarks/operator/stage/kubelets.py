"""Plays the controller of Deployments and the kubelets of a whole cluster, at once.

It watches, so that it costs nothing while nothing changes. Pods are never taken away.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

import httpx

from benchmarks.operator.stage.pods import name_address
from embedding_operator.cluster import KubernetesCluster
from embedding_operator.errors import Conflicting, OperatorError
from embedding_operator.names import DEPLOYMENTS, PODS, Kind
from embedding_operator.resources.objects import Manifest
from tests.api_server.api import authenticate
from tests.api_server.puppets import build_pod, build_rollout, build_running
from tests.api_server.worlds import connected
from tests.cluster.api_servers import ApiServer

_AT_ONCE: Final = 4
_WATCH_SECONDS: Final = 3600


class Kubelets:
    """Bound to one event loop."""

    def __init__(self, http: httpx.AsyncClient, cluster: KubernetesCluster) -> None:
        self._http = http
        self._cluster = cluster
        self._running: dict[tuple[str, str], int] = {}
        """Generation of each Deployment that was acted on last, by namespace and name."""
        self._addresses = count()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def play(self) -> None:
        """For ever. Raises whatever goes wrong: it is not the operator that is to be blamed."""
        async with asyncio.TaskGroup() as acting:
            while True:
                async for deployment in self._watch():
                    metadata = deployment["metadata"]
                    key = metadata["namespace"], metadata["name"]
                    if self._running.get(key) != metadata["generation"]:
                        self._running[key] = metadata["generation"]
                        acting.create_task(self._act(deployment))

    async def _watch(self) -> AsyncIterator[Manifest]:
        """Deployments there are, then those that change."""
        path = f"{DEPLOYMENTS.path}/{DEPLOYMENTS.plural}"
        query = {"watch": "true", "timeoutSeconds": str(_WATCH_SECONDS)}
        async with self._http.stream("GET", path, params=query) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                event = json.loads(line)
                if event["type"] in {"ADDED", "MODIFIED"}:
                    yield event["object"]

    async def _act(self, deployment: Manifest) -> None:
        metadata = deployment["metadata"]
        async with self._turns:
            for number in range(deployment["spec"]["replicas"]):
                await self._run(build_pod(deployment, f"{metadata['name']}-{number}"))
            await self._tell(DEPLOYMENTS, metadata, build_rollout(deployment))

    async def _run(self, pod: Manifest) -> None:
        try:
            await self._cluster.create(PODS, pod, "kubelet")
        except Conflicting:  # it runs already
            return
        await self._tell(PODS, pod["metadata"], build_running(name_address(next(self._addresses))))

    async def _tell(self, kind: Kind, metadata: Manifest, status: Manifest) -> None:
        named = {key: metadata[key] for key in ("namespace", "name")}
        body = {"apiVersion": kind.api, "kind": kind.kind, "metadata": named, "status": status}
        try:
            await self._cluster.apply_status(kind, body, "kubelet")
        except OperatorError as error:
            raise RuntimeError(f"the kubelets cannot go on: {error.message}") from error


@asynccontextmanager
async def playing_kubelets(server: ApiServer) -> AsyncIterator[None]:
    """Until the block ends; raises what has gone wrong with them by then."""
    async with (
        httpx.AsyncClient(**authenticate(server), timeout=None) as http,  # noqa: S113  a watch
        connected(server.kubeconfig, "kubelet") as cluster,
    ):
        task = asyncio.create_task(Kubelets(http, cluster).play())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
