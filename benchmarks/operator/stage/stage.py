"""All of it together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.operator.scales import Scale
from benchmarks.operator.stage.audit import POLICY, Request, measure_log, read_log
from benchmarks.operator.stage.kubelets import playing_kubelets
from benchmarks.operator.stage.people import AGENT, People
from benchmarks.operator.stage.pods import running_pods
from benchmarks.operator.stage.specs import MOST_REPLICAS
from tests.api_server.rights import Account, install
from tests.api_server.worlds import connected
from tests.cluster import programs
from tests.cluster.api_servers import ApiServer, running_api_server
from tests.cluster.sites import ROOT, this_site


@dataclass(frozen=True, slots=True)
class Stage:
    """One that is set."""

    server: ApiServer
    people: People
    account: Account
    """The operator's."""
    folder: Path

    def mark(self) -> int:
        """A place in the audit log: now."""
        return measure_log(self.server.audit)

    def requests(self, mark: int) -> list[Request]:
        """All that came since."""
        return read_log(self.server.audit, mark)

    def of_operator(self, mark: int) -> list[Request]:
        """The operator's since."""
        return [each for each in self.requests(mark) if each.is_operators]


@asynccontextmanager
async def setting_stage(scale: Scale, folder: Path) -> AsyncIterator[Stage]:
    """Raises ClusterFailure where there is no Kubernetes to be had."""
    site = this_site()
    program = await asyncio.to_thread(
        programs.build_one, site, programs.kubernetes(site.kubernetes)
    )
    async with AsyncExitStack() as running:
        server = running.enter_context(running_api_server(folder, program, POLICY))
        server.kubectl("apply", "--server-side", f"--filename={ROOT / 'crds'}")
        server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        for number in range(scale.namespaces):
            server.kubectl("create", "namespace", People.name_namespace(number))
        account = install(server, folder)
        running.enter_context(running_pods((scale.indexes + scale.added) * MOST_REPLICAS))
        await running.enter_async_context(playing_kubelets(server))
        cluster = await running.enter_async_context(connected(server.kubeconfig, AGENT))
        yield Stage(server, People(cluster, scale.namespaces), account, folder)
