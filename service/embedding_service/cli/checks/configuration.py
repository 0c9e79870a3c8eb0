"""Settings and the file of API keys."""

from embedding_service.api.keys import load_keys
from embedding_service.cli.checks.finding import Finding, Level
from embedding_service.environment import BadSettings, load_settings
from embedding_service.settings import Settings


def check_settings() -> tuple[Settings | None, Finding]:
    """The settings, None if they are bad."""
    try:
        settings = load_settings()
    except BadSettings as error:
        faults = str(error).removeprefix("bad settings:\n")
        advice = "Correct these in the environment or in .env; docs/settings.md has them all"
        return None, Finding("settings", Level.FAILED, faults, advice)
    models = ", ".join(reference.name for reference in settings.references)
    return settings, Finding("settings", Level.OK, f"valid; models: {models}")


def check_keys(settings: Settings) -> Finding:
    """Whether the API keys can be read."""
    path = settings.api_keys_file
    if path is None:
        return Finding("API keys", Level.OK, "none: everybody who reaches the port may use it")
    try:
        keys = load_keys(path)
    except BadSettings as error:
        advice = "Make keys with `gpu-embedding keys new NAME >> FILE`"
        return Finding("API keys", Level.FAILED, str(error), advice)
    return Finding("API keys", Level.OK, f"{len(keys)} in {path}")
