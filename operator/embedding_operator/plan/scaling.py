"""How many replicas there are to be, and who says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from embedding_operator.autoscaling.decision import Policy, Sample, desired_replicas
from embedding_operator.names import DEPLOYMENTS
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod
from embedding_operator.plan.actions import Event
from embedding_operator.plan.comparison import read_quantity
from embedding_operator.resources.durations import parse_duration
from embedding_operator.resources.index import IndexSpec
from embedding_operator.resources.scaling import Autoscaling, Windows
from embedding_operator.resources.status import AutoscalingStatus
from embedding_operator.resources.times import write_time


@dataclass(frozen=True, slots=True)
class Scaling:
    """The number, and what is told of it."""

    replicas: int
    status: AutoscalingStatus | None = None
    history: tuple[Sample, ...] = ()
    events: tuple[Event, ...] = ()


def count_replicas(
    index_spec: IndexSpec, status: AutoscalingStatus | None, live: int | None = None
) -> int:
    """As it was decided last: the spec's, or the autoscaler's, which begins with what is `live`."""
    scaling = index_spec.autoscaling
    if scaling is None:
        return index_spec.replicas
    decided = status.desired if status and status.desired is not None else live
    return max(scaling.min, min(scaling.max, decided or 0))


def plan_scaling(observation: Observation, history: Sequence[Sample]) -> Scaling:
    """Decide anew; without `autoscaling` a person, or another autoscaler, has the say."""
    index, now = observation.index, observation.now
    spec, earlier = index.spec.autoscaling, index.status.autoscaling
    if spec is None:
        return Scaling(index.spec.replicas)
    current = count_replicas(index.spec, earlier, _count_live(observation))
    loads = _read_loads(observation)
    decision = desired_replicas(loads, current, _read_policy(spec), history, now)
    if earlier is not None and decision.replicas == earlier.desired:
        status = earlier.model_copy(update={"reason": decision.reason})
        return Scaling(decision.replicas, status, decision.history)
    told = f"{decision.replicas} replicas instead of {current}: {decision.reason}"
    return Scaling(
        decision.replicas,
        AutoscalingStatus(
            desired=decision.replicas, reason=decision.reason, last_scale_time=write_time(now)
        ),
        decision.history,
        () if decision.replicas == current else (Event("ScalingReplicas", told),),
    )


def _count_live(observation: Observation) -> int | None:
    deployment = observation.children.get((DEPLOYMENTS, observation.index.meta.name))
    return None if deployment is None else deployment["spec"].get("replicas")


def _read_policy(spec: Autoscaling) -> Policy:
    targets, windows = spec.targets, spec.windows or Windows()
    wait = parse_duration(targets.queue_wait).total_seconds() if targets.queue_wait else None
    wished = {"in_flight": targets.in_flight, "queue_wait": wait, "cpu": targets.cpu}
    return Policy(
        spec.min,
        spec.max,
        {name: float(target) for name, target in wished.items() if target},
        up=parse_duration(windows.up),
        down=parse_duration(windows.down),
    )


def _read_loads(observation: Observation) -> Mapping[str, Sequence[float]]:
    ready = [pod for pod in observation.pods if pod.is_ready and not pod.is_leaving]
    loads = [observation.reports[pod.uid].load for pod in ready if pod.uid in observation.reports]
    used = [_read_cpu(pod, observation.cores.get(pod.uid)) for pod in ready]
    return {
        "in_flight": [float(load.in_flight) for load in loads],
        "queue_wait": [load.queue_wait_seconds for load in loads],
        "cpu": [share for share in used if share is not None],
    }


def _read_cpu(pod: Pod, cores: float | None) -> float | None:
    """Percent of its request."""
    requested = read_quantity(pod.cpu_request)
    if cores is None or not requested:
        return None
    return 100.0 * cores / float(requested)
