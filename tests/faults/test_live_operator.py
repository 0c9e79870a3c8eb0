"""Two real pods of one index, and their operator: each order is done once, whoever dies."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from signal import SIGKILL
from typing import Any

import httpx
import pytest

from databases import postgresql_url
from live_server import LiveServer, launch
from operator_port import NAME, UID, Signer, write_keys
from tests.faults.test_live_roles import free_port, is_ready
from waiting import wait_until

__all__ = ["postgresql_url"]

SECONDS = 120.0


class LivePod:
    """A process, and its ports of people and of the operator."""

    def __init__(self, server: LiveServer, people: int, port: int, signer: Signer) -> None:
        self.server = server
        self.people = f"http://127.0.0.1:{people}"
        self._url = f"http://127.0.0.1:{port}"
        self._signer = signer

    def send(self, method: str, path: str, body: object = None, key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._signer.sign()}", "Idempotency-Key": key}
        with httpx.Client(base_url=self._url, timeout=60) as http:
            return http.request(method, path, json=body, headers=headers)

    def end_of(self, id_: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = self.send("GET", f"/jobs/{id_}").json()
            return job if job["state"] in {"succeeded", "failed"} else None

        return wait_until(ended, SECONDS, "the end of a job")


def end(server: LiveServer) -> None:
    if server.exit_status is None:
        server.stop()


@pytest.fixture
def pods(tmp_path: Path, postgresql_url: str) -> Iterator[list[LivePod]]:
    signer = Signer()
    write_keys(tmp_path / "keys.json", [signer])
    with ExitStack() as stack:
        started = []
        for name in ("one", "two"):
            people, port = free_port(), free_port()
            settings = {
                "EMBEDDING_MODEL": "hashing:8",
                "INDEX_NAME": NAME,
                "INDEX_UID": UID,
                "DATABASE_URL": postgresql_url,
                "SNAPSHOT_URL": (tmp_path / "store").as_uri(),
                "SERVICE_PORT": str(people),
                "ADMIN_PORT": str(port),
                "ADMIN_KEYS_FILE": str(tmp_path / "keys.json"),
            }
            (tmp_path / name).mkdir()
            server = launch(tmp_path / name, settings)
            stack.callback(end, server)
            server.wait_until_serving()
            wait_until(partial(is_ready, server), SECONDS, "it is ready")
            started.append(LivePod(server, people, port, signer))
        yield started


def test_an_order_outlives_the_process_that_did_it(pods: list[LivePod]) -> None:
    one, two = pods
    with httpx.Client(base_url=one.people, timeout=60) as http:
        documents = [{"id": f"d{row}", "text": f"text {row}"} for row in range(50)]
        path = f"/api/v1/indexes/{NAME}"
        assert http.post(f"{path}/documents", json={"documents": documents}).is_success
        assert http.post(f"{path}/snapshots").status_code == httpx.codes.METHOD_NOT_ALLOWED
    sent = one.send("POST", "/jobs/snapshot", {"held": []}, "k1")
    assert sent.status_code == httpx.codes.ACCEPTED
    again = two.send("POST", "/jobs/snapshot", {"held": []}, "k1")
    assert (again.status_code, again.json()["id"]) == (httpx.codes.OK, sent.json()["id"])
    done = two.end_of(sent.json()["id"])
    assert (done["state"], done["detail"]["count"]) == ("succeeded", 50)
    one.server.send(SIGKILL)
    one.server.wait_for_exit()
    assert two.send("POST", "/jobs/snapshot", {"held": []}, "k1").json() == done
    status = two.send("GET", "/status").json()
    assert (status["ready"], status["index"]["documents"]) == (True, 50)
    assert status["instance"] != done["instance"]
    assert two.send("POST", "/drain").status_code == httpx.codes.NO_CONTENT
    assert not is_ready(two.server)
    two.server.assert_innocent("text 7")
