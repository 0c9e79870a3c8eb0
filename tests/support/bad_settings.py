"""What a bad environment is told."""

import pytest

from embedding_service.environment import BadSettings, load_settings


def faults_of(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as caught:
        load_settings()
    title, *faults = str(caught.value).splitlines()
    assert title == "bad settings:"
    return [fault.strip() for fault in faults]
