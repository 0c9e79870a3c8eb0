"""Plans of indexes that take turns: each with a turn where it needs one and there is one."""

from collections.abc import Iterable
from dataclasses import replace

from embedding_operator.names import DEPLOYMENTS
from embedding_operator.observe.cache import IndexKey, index_of
from embedding_operator.observe.observation import Observation
from embedding_operator.plan.plan import Plan, plan
from embedding_operator.plan.renewal import was_well
from embedding_operator.plan.setting import Setting
from embedding_operator.plan.turns import Turns
from embedding_operator.resources.objects import Manifest


def plan_in_turn(
    turns: Turns[IndexKey], key: IndexKey, observation: Observation, setting: Setting
) -> tuple[Plan, Setting]:
    """The plan of one index, and the setting that it was made in."""
    setting = replace(setting, has_turn=turns.has(key), was_well=turns.began_well(key))
    planned = plan(observation, setting)
    renewal = planned.renewal
    if renewal.is_waiting:
        is_well = renewal.is_whole and not renewal.is_degraded
        if turns.take(key, is_well=is_well):
            setting = replace(setting, has_turn=True, was_well=is_well)
            planned = plan(observation, setting)
    turns.settle(key, planned.renewal)
    if setting.was_well and not turns.has(key):  # over, and its Deployment is to say so
        setting = replace(setting, has_turn=False, was_well=False)
        planned = plan(observation, setting)
    return planned, setting


def resume(turns: Turns[IndexKey], deployments: Iterable[Manifest]) -> None:
    """Give back, after a restart, the turns that `deployments` tell of: before any pass."""
    for deployment in deployments:
        key = index_of(DEPLOYMENTS, deployment)
        if key is not None and was_well(deployment):
            turns.resume(key)
