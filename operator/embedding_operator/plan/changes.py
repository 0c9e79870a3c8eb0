"""What is to be written of an index's children now: all, our keys alone, or what its end needs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from embedding_operator.children.environment import ADMIN_KEYS
from embedding_operator.children.orders import build_orders
from embedding_operator.names import CONFIG_MAPS, DEPLOYMENTS, JOBS
from embedding_operator.observe.observation import Observation
from embedding_operator.plan.children import Changes, Child, hold, list_children, plan_changes
from embedding_operator.plan.engines import date_engines
from embedding_operator.plan.renewal import hold_back, is_renewed, stamp
from embedding_operator.plan.setting import Setting
from embedding_operator.resolution.wanted import Wanted


def change_all(
    observation: Observation,
    wanted: Wanted,
    setting: Setting,
    sweeps: Iterable[Child],
    *,
    is_open: bool,
) -> tuple[Changes, bool]:
    """What brings the index to what it is to be; and whether its pods wait for a turn.

    Those that have served stay as they are until then.
    """
    children = [*_list(observation, wanted, setting, is_open=is_open), *sweeps]
    has_served = observation.index.status.fingerprint is not None
    is_waiting = not setting.has_turn and has_served and is_renewed(children, observation.children)
    if is_waiting:
        children = hold_back(children, observation.children)
    return _plan(observation, wanted, setting, children), is_waiting


def change_keys(observation: Observation, wanted: Wanted, setting: Setting) -> Changes:
    """Our keys alone: pods that do not know those we sign with would refuse us for good."""
    orders = Child(CONFIG_MAPS, build_orders(wanted))
    live = observation.children.get(orders.key)
    if live is None:
        return Changes()
    data = {**(live.get("data") or {}), ADMIN_KEYS: wanted.operator_keys}
    children = [hold(orders, live, "data", data)]
    return plan_changes(children, {orders.key: live}, wanted.meta, setting.settled)


def change_last(observation: Observation, wanted: Wanted, setting: Setting) -> Changes:
    """What a pod needs that is to remove the index's data: our keys, and that there is one.

    A Job that sweeps may be in its way.
    """
    live = observation.children.get((DEPLOYMENTS, wanted.meta.name))
    kinds = {CONFIG_MAPS}
    if live is None or not live["spec"].get("replicas"):
        kinds.add(DEPLOYMENTS)
    wanted = replace(wanted, replicas=1)
    changes = _plan(
        observation, wanted, setting, _list(observation, wanted, setting, is_open=False)
    )
    return Changes(
        tuple(child for child in changes.applied if child.kind in kinds),
        removed=tuple(each for each in changes.removed if each[0] is JOBS),
    )


def _list(
    observation: Observation, wanted: Wanted, setting: Setting, *, is_open: bool
) -> list[Child]:
    children = list_children(wanted, setting.namespace, is_open=is_open)
    dated = date_engines(children, observation.children, wanted.meta)
    return stamp(dated, setting.release, was_well=setting.was_well)


def _plan(
    observation: Observation, wanted: Wanted, setting: Setting, children: Sequence[Child]
) -> Changes:
    return plan_changes(
        children,
        observation.children,
        observation.index.meta,
        setting.settled,
        observation.claims.wanted_elsewhere,
    )
