"""The door of the operator's port."""

from pathlib import Path

import httpx
import pytest

from operator_port import UID, Pod, Signer, running_pod, write_keys
from served_indexes import serve

PROBES = ("/livez", "/readyz", "/startupz", "/metrics")
ROUTES = [
    ("GET", "/status"),
    ("POST", "/jobs/snapshot"),
    ("POST", "/jobs/restore"),
    ("POST", "/jobs/reload"),
    ("GET", "/jobs/j1"),
    ("GET", "/jobs?key=k"),
    ("GET", "/snapshots"),
    ("POST", "/snapshots/sweep"),
    ("POST", "/jobs/purge"),
    ("POST", "/drain"),
    ("GET", "/unknown"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/api/v1/indexes"),
]


async def test_probes_and_metrics_need_no_token(pod: Pod) -> None:
    await pod.application.embedder.start()
    for path in PROBES:
        assert (await pod.http.get(path)).status_code == 200


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_all_the_rest_does(pod: Pod, method: str, path: str) -> None:
    without = await pod.http.request(method, path)
    wrong = {"Authorization": f"Bearer {Signer().sign()}"}
    stranger = await pod.http.request(method, path, headers=wrong)
    for answer, fault in ((without, ""), (stranger, ', error="invalid_token"')):
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == f'Bearer realm="gpu-embedding"{fault}'
    assert pod.application.lifecycle.is_leaving is False


async def test_with_one_there_are_the_operators_routes_and_no_others(pod: Pod) -> None:
    for path in ("/unknown", "/api/v1/indexes", "/health", "/jobs/snapshot"):
        assert (await pod.send("GET", path)).status_code == 404
    assert await pod.fault("POST", "/status") == (405, "method_not_allowed")
    assert (await pod.send("DELETE", "/snapshots")).headers["allow"] == "GET, HEAD"


async def test_a_token_of_a_new_key_is_good_without_a_restart(pod: Pod, tmp_path: Path) -> None:
    new = Signer("second")
    write_keys(tmp_path / "pod" / "keys.json", [pod.signer, new])
    headers = {"Authorization": f"Bearer {new.sign()}"}
    while (await pod.http.get("/status", headers=headers)).status_code == 401:
        assert (await pod.http.get("/livez")).status_code == 200


async def test_the_audience_is_the_name_where_there_is_no_uid(tmp_path: Path) -> None:
    async with running_pod(tmp_path, index_uid="") as pod:
        assert (await pod.ask("GET", "/status"))["index"]["uid"] == "books"
        headers = {"Authorization": f"Bearer {pod.signer.sign(aud=UID)}"}
        assert (await pod.http.get("/status", headers=headers)).status_code == 401


async def test_without_keys_the_port_has_probes_and_metrics_alone(tmp_path: Path) -> None:
    given = {"index_name": "books", "index_uid": UID, "admin_port": 0}
    async with serve(tmp_path, **given) as service:
        await service.application.embedder.start()
        transport = httpx.ASGITransport(service.application.admin)
        async with httpx.AsyncClient(transport=transport, base_url="http://pod") as http:
            for path in PROBES:
                assert (await http.get(path)).status_code == 200
            assert (await http.get("/status")).status_code == 404
