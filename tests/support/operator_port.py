"""The operator's port of a server that was composed as in production, asked in this process."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from embedding_service.app import Application
from served_indexes import DIMENSION, Service, serve

NAME, UID = "books", "shop/1234"
_SECONDS = 60.0
_FINAL = {"succeeded", "failed", "cancelled"}


@dataclass(frozen=True, slots=True)
class Signer:
    """An operator's key."""

    kid: str = "first"
    audience: str = UID
    """The index that it signs for."""
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> dict[str, str]:
        """As the file of keys has it."""
        x = base64.urlsafe_b64encode(self.key.public_key().public_bytes_raw()).rstrip(b"=")
        return {"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": x.decode()}

    def sign(self, **claims: object) -> str:
        """A token that is good for half a minute, unless the claims say otherwise."""
        now = int(time.time())
        told = {"aud": self.audience, "iat": now, "exp": now + 30, **claims}
        return jwt.encode(told, self.key, "EdDSA", headers={"kid": self.kid})


def write_keys(path: Path, signers: Sequence[Signer]) -> None:
    """As a mounted Secret changes: another file takes its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(orjson.dumps({"keys": [signer.public for signer in signers]}))
    new.replace(path)


@dataclass(frozen=True, slots=True)
class Pod:
    """A server of one index, at both of its ports."""

    service: Service
    http: httpx.AsyncClient
    signer: Signer

    @property
    def application(self) -> Application:
        return self.service.application

    async def send(
        self, method: str, path: str, body: object = None, key: str | None = None
    ) -> httpx.Response:
        """A request with a token."""
        headers = {"Authorization": f"Bearer {self.signer.sign()}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.http.request(method, path, json=body, headers=headers)

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of a good answer."""
        answer = await self.send(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def fault(
        self, method: str, path: str, body: object = None, key: str | None = None
    ) -> tuple[int, str]:
        """Status and code of a refusal."""
        answer = await self.send(method, path, body, key)
        assert not answer.is_success, answer.text
        return answer.status_code, answer.json()["code"]

    async def order(self, kind: str, key: str | None = None, **body: Any) -> dict[str, Any]:
        """Order a job and wait for its end, good or bad."""
        answer = await self.send("POST", f"/jobs/{kind}", body, key or uuid4().hex)
        assert answer.status_code in {200, 202}, answer.text
        assert answer.headers["location"] == f"/jobs/{answer.json()['id']}"
        return await self.end_of(answer.json()["id"])

    async def end_of(self, id_: str) -> dict[str, Any]:
        """The job when it has ended."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            job: dict[str, Any] = await self.ask("GET", f"/jobs/{id_}")
            if job["state"] in _FINAL:
                return job
            await asyncio.sleep(0.02)
        raise TimeoutError(f"job {id_}: not within {_SECONDS:g} s")

    async def work(self, kind: str, **body: Any) -> dict[str, Any]:
        """What a job that must succeed tells."""
        job = await self.order(kind, **body)
        assert job["state"] == "succeeded", job
        detail: dict[str, Any] = job["detail"]
        return detail


@asynccontextmanager
async def running_pod(
    folder: Path, *, signer: Signer | None = None, **settings: Any
) -> AsyncIterator[Pod]:
    """On SQLite and a folder of snapshots, unless the settings say otherwise."""
    signer = signer or Signer(audience=settings.get("index_uid", UID) or NAME)
    write_keys(folder / "keys.json", [signer])
    given = {
        "embedding_model": f"hashing:{DIMENSION}",
        "index_name": NAME,
        "index_uid": UID,
        "index_fields": {"n": "int"},
        "admin_port": 0,
        "admin_keys_file": folder / "keys.json",
        **settings,
    }
    async with serve(folder, **given) as service:
        transport = httpx.ASGITransport(service.application.admin)
        async with httpx.AsyncClient(transport=transport, base_url="http://pod") as http:
            yield Pod(service, http, signer)
