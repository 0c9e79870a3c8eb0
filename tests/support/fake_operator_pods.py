"""Pods that do at once what the operator asks of them, and keep what they were asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from embedding_operator.errors import PodFailure
from embedding_operator.pods import Pods
from embedding_operator.reports import Report
from observed import a_report


@dataclass
class FakePods(Pods):
    """`state` is that of work once it is asked for; None finds no work at all."""

    asked: list[tuple[str, str, Mapping[str, Any] | None, str | None]] = field(default_factory=list)
    audiences: set[str] = field(default_factory=set)
    """Indexes for whose pods it was asked."""
    reports: int = 0
    is_away: bool = False
    no: PodFailure | None = None
    """Their answer to every order."""
    told: Report = field(default_factory=a_report)
    state: str = "succeeded"
    is_strange: bool = False
    jobs: dict[str, Any] = field(default_factory=dict)
    """By key: one, or several, newest first; every pod tells of them."""
    jobs_at: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By address and key, of those that one pod alone tells of."""

    async def report(self, address: str, audience: str) -> Report:
        self.reports += 1
        self.audiences.add(audience)
        self._answer()
        return self.told

    async def call(
        self,
        address: str,
        audience: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Mapping[str, Any]:
        self.asked.append((method, path, body, key))
        self.audiences.add(audience)
        self._answer()
        if method == "GET":
            wanted = path.partition("key=")[2]
            job = self.jobs_at.get(address, {}).get(wanted) or self.jobs.get(wanted)
            return {"jobs": job if isinstance(job, list) else [job] if job else []}
        if self.no is not None:
            raise self.no
        if key is None or self.is_strange:
            return {}
        detail = {"id": f"of-{key}", "uri": f"s3://snapshots/{audience}/of-{key}", "count": 3}
        job = {"id": f"j-{key}", "state": "queued", "instance": "i-1"}
        self.jobs[key] = {**job, "state": self.state, "detail": detail}
        return job

    def paths(self, method: str = "POST") -> list[str]:
        return [path for each, path, _, _ in self.asked if each == method]

    def _answer(self) -> None:
        if self.is_away:
            raise PodFailure("10.0.0.1 does not answer")
