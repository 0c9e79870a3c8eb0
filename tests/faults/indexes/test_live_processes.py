"""Servers that write to one index: stopped, cut off, killed. No acknowledged document is lost."""

import random
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from databases import PostgreSQL
from group_writers import Ledger, Writer, check, create, writing
from live_server import LiveServer, launch, running_server

SETTINGS = {"EMBEDDING_MODEL": "hashing:16", "WORKERS": "1"}


@contextmanager
def servers_of(folder: Path, url: str, names: Sequence[str]) -> Iterator[list[LiveServer]]:
    """One server a name, all on one database; the database knows them by their names."""
    servers = []
    try:
        for name in names:
            (folder / name).mkdir()
            address = f"{url}&application_name={name}"
            servers.append(launch(folder / name, SETTINGS | {"DATABASE_URL": address}))
        for server in servers:
            server.wait_until_serving()
        yield servers
    finally:
        for server in servers:
            if server.exit_status is None:
                server.send(signal.SIGCONT)
                server.stop()


def kill(server: LiveServer) -> None:
    """End it at once; its workers end by themselves."""
    children = server.descendants()
    server.send(signal.SIGKILL)
    assert server.wait_for_exit() == -signal.SIGKILL
    _, left = psutil.wait_procs(children, timeout=30)
    for process in left:
        process.kill()
    assert left == []


def cut_off(postgresql: PostgreSQL, name: str) -> None:
    """End the connections of a process, as a network would that lost it."""
    postgresql.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"  # noqa: S608
    )


@pytest.mark.parametrize(
    "is_cut_off",
    # Until then it may hold the index for as long as the database lets it.
    [True, pytest.param(False, marks=[pytest.mark.long, pytest.mark.timeout(600)])],
)
def test_of_three_writers_one_is_stopped_and_one_killed_and_the_others_agree(
    postgresql: PostgreSQL, postgresql_url: str, tmp_path: Path, *, is_cut_off: bool
) -> None:
    names, ledger = ["first", "second", "third"], Ledger()
    with servers_of(tmp_path, postgresql_url, names) as servers:
        with servers[0].http() as http:
            create(http)
        writers = [
            Writer(name, server, ledger) for name, server in zip(names, servers, strict=True)
        ]
        first, second, third = writers
        with writing(writers):
            for writer in writers:
                writer.wait_for_more()
            servers[1].send(signal.SIGSTOP)
            if is_cut_off:
                cut_off(postgresql, "second")
            first.wait_for_more()
            third.wait_for_more()
            servers[1].send(signal.SIGCONT)
            second.wait_for_more()
            kill(servers[2])
            first.wait_for_more()
            second.wait_for_more()
        check(servers[:2], ledger)


def kill_while_writing(folder: Path, kills: int, chance: random.Random, **settings: str) -> None:
    """Kill a server while two clients write, at moments of `chance`; start it anew each time."""
    ledger = Ledger()
    for number in range(kills):
        place = folder / str(number)
        place.mkdir()
        server = launch(place, SETTINGS | settings)
        server.wait_until_serving()
        if number:
            check([server], ledger)
        else:
            with server.http() as http:
                create(http)
        writers = [Writer(f"{name} {number}", server, ledger) for name in ("one", "two")]
        with writing(writers):
            writers[0].wait_for_more(chance.randint(1, 40))
            kill(server)
    last = folder / "last"
    last.mkdir()
    with running_server(last, **(SETTINGS | settings)) as server:
        check([server], ledger)


def test_a_server_killed_while_it_is_written_to_loses_nothing(tmp_path: Path) -> None:
    kill_while_writing(tmp_path, 1, random.Random(5), DATA_DIR=str(tmp_path / "data"))  # noqa: S311


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_server_killed_again_and_again_loses_nothing(record_url: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed: {seed}\n")
    chance = random.Random(seed)  # noqa: S311
    data = str(tmp_path / "record")
    kill_while_writing(tmp_path, 30, chance, DATA_DIR=data, DATABASE_URL=record_url)
