"""Composition: every room is built here from frozen settings, and nowhere else."""

import asyncio
import signal
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import structlog
from prometheus_client import CollectorRegistry

from embedding_operator import __version__
from embedding_operator.apply.executor import Executor
from embedding_operator.apply.heard import HeardCluster
from embedding_operator.apply.snapshots import SnapshotMaker
from embedding_operator.apply.writer import Writer
from embedding_operator.cluster import KubernetesCluster, load_configuration
from embedding_operator.controller import Controller
from embedding_operator.defaults import Defaults, load_defaults
from embedding_operator.handlers import watch
from embedding_operator.health import HealthServer
from embedding_operator.keyring import Keyring
from embedding_operator.metrics import Metrics
from embedding_operator.observe.cache import Cache
from embedding_operator.observe.observer import Observer
from embedding_operator.patience import persist
from embedding_operator.pods import HttpPods
from embedding_operator.reconciler import Reconciler
from embedding_operator.settings import Settings

_log = structlog.stdlib.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises BadConfiguration."""
    defaults = load_defaults(settings.defaults_file)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    async with AsyncExitStack() as closing:
        configuration = await load_configuration()
        cluster = KubernetesCluster(configuration, metrics.count_call)
        closing.push_async_callback(cluster.close)
        secret = f"{settings.operator_release}-operator-keys"
        count_failure = metrics.failures.labels("keys").inc
        keyring = Keyring(cluster, settings.operator_namespace, secret, _now, count_failure)
        pods = HttpPods(lambda: keyring.signer)
        closing.push_async_callback(pods.close)
        controller = build_controller(settings, defaults, cluster, pods, keyring, metrics)
        health = HealthServer(
            settings.health_port, lambda: keyring.stuck or controller.stuck, registry
        )
        await health.start()
        closing.push_async_callback(health.close)
        if not await persist(keyring.look, stop):
            return
        keyring.start()
        closing.push_async_callback(keyring.close)
        closing.push_async_callback(controller.close)
        if not await persist(controller.start, stop):
            return
        _log.info("watching", version=__version__, namespaces=settings.watch_namespaces or "all")
        namespaces = settings.watch_namespaces
        who, room = settings.operator, cluster.leave_room
        await watch(controller, namespaces, who, stop, room, configuration.host)


def build_controller(
    settings: Settings,
    defaults: Defaults,
    cluster: KubernetesCluster,
    pods: HttpPods,
    keyring: Keyring,
    metrics: Metrics,
) -> Controller:
    """The controller and all it works with."""
    cache = Cache()
    # The controller comes last; by the first write it is there.
    heard = HeardCluster(cluster, lambda *written: controller.hear(*written))  # noqa: PLW0108
    writer = Writer(heard, settings.operator)
    reconciler = Reconciler(
        cache=cache,
        observer=Observer(cluster, pods, cache, _now),
        executor=Executor(writer, SnapshotMaker(heard, pods, writer.manager), pods),
        defaults=defaults,
        operator=settings.operator,
        signer=lambda: keyring.signer,
        metrics=metrics,
    )
    controller = Controller(
        cluster,
        cache,
        reconciler,
        metrics,
        settings.watch_namespaces,
        concurrency=settings.concurrency,
        resync=settings.resync,
    )
    return controller


def _now() -> datetime:
    return datetime.now(UTC)
