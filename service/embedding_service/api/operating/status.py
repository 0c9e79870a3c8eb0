"""GET /status: all that the operator tells of a pod, from what is known, and at once."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.operating.answers import answer
from embedding_service.api.operating.pulse import Pulse
from embedding_service.api.operating.rooms import sole_of
from embedding_service.api.probes import readiness_of
from embedding_service.api.rooms import Rooms, rooms_of
from embedding_service.errors import Unavailable
from embedding_service.indexes.errors import ModelMismatch
from embedding_service.indexes.parameters import tell
from embedding_service.retrieval.requests import DatabaseFacts, IndexFacts
from embedding_service.telemetry.usage import cpu_seconds


async def status(request: Request) -> Response:
    """It waits for nobody: a database or an encoder that is away is what it is to tell."""
    rooms = rooms_of(request)
    sole = sole_of(rooms)
    pulse: Pulse | None = request.app.state.pulse
    if pulse is not None:
        await pulse.feel()
    facts = await sole.index.status()
    is_ready, _ = readiness_of(rooms)
    return answer(
        {
            "instance": sole.jobs.instance,
            "version": rooms.version,
            "ready": is_ready,
            "leaving": rooms.lifecycle.is_leaving,
            "index": None if facts.index is None else _index(facts.index),
            "snapshot": {"begun_from": facts.begun_from, "fault": facts.fault},
            "database": _database(facts.database),
            "shortage": None if facts.shortage is None else asdict(facts.shortage),
            "encoder": _local(rooms) if pulse is None else _remote(rooms, pulse, facts.index),
            "load": {
                "in_flight": rooms.lifecycle.in_flight,
                "queue_wait_seconds": round(rooms.metrics.waits.mean, 6),
                "cpu_seconds": round(cpu_seconds(), 3),
            },
        }
    )


def _index(facts: IndexFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "uid": facts.uid,
        "model": facts.model,
        "fingerprint": facts.fingerprint,
        "dimension": facts.dimension,
        "metric": facts.metric,
        "engine": facts.engine,
        "engine_parameters": tell(facts.engine, facts.tuning),
        "documents": facts.documents,
        "size_bytes": facts.size,
        "version": facts.version,
        "applied": facts.applied,
        "unbuilt": facts.unbuilt,
        "memory_bytes": facts.memory,
        "damage": facts.damage,
    }


def _database(facts: DatabaseFacts) -> dict[str, Any]:
    return {
        "reachable": facts.is_reachable,
        "fault": facts.fault,
        "silent_seconds": None if facts.silence is None else round(facts.silence, 3),
    }


def _local(rooms: Rooms) -> dict[str, Any]:
    health = rooms.embedder.health()
    model = health.description
    fallback = model and model.fallback_reason
    return {
        "serving": health.fault is None,
        "device": model and model.device,
        "is_fallback": fallback is not None,
        "fault": health.fault or fallback,
        "code": health.fault and Unavailable.code,
    }


def _remote(rooms: Rooms, pulse: Pulse, index: IndexFacts | None) -> dict[str, Any]:
    """Whether it answered last, with the index's model: where it runs it is its own affair."""
    fault, code = _find_fault(rooms, pulse, index)
    return {
        "serving": fault is None,
        "device": None,
        "is_fallback": False,
        "fault": fault,
        "code": code,
    }


def _find_fault(
    rooms: Rooms, pulse: Pulse, index: IndexFacts | None
) -> tuple[str | None, str | None]:
    """A sentence for people, and a code of docs/errors.md for programs."""
    silence = rooms.embedder.health().fault
    if silence is not None:
        return silence, Unavailable.code
    if pulse.fault is not None:
        return pulse.fault.message, pulse.fault.code
    wanted, served = index and index.fingerprint, pulse.fingerprint
    if wanted is None or served is None or wanted == served:
        return None, None
    told = f"the index is of a model with fingerprint {wanted}, and {served} is served"
    return told, ModelMismatch.code
