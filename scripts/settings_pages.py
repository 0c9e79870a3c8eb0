"""docs/settings.md and .env.example, written from the settings themselves."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ByteSize
from pydantic.fields import FieldInfo

from embedding_service.settings import GROUPS, ModelOptions

_ACTIVE = {"EMBEDDING_MODEL": "", "SERVICE_PORT": "", "CUDA_VISIBLE_DEVICES": "0"}
"""What a copy of .env.example sets at once; an empty value stands for the default."""

_PAGE_HEAD = """\
# Settings

<!-- Written by `make generate` from settings/. -->

A setting is an environment variable. `.env` in the working folder is read too and loses against
the environment; [.env.example](../.env.example) holds every setting with its default. An empty
value counts as unset. The server starts with all settings right or not at all: it then names every
wrong one at once.
"""

_PAGE_FOOT = """
## Variables of the libraries

The libraries underneath read these by themselves; they may stand in `.env` as well.

| variable | read by | meaning |
|---|---|---|
| `HF_HOME` | huggingface_hub | folder in which downloaded models are kept |
| `HF_TOKEN` | huggingface_hub | access to models that are not public |
| `HF_HUB_OFFLINE` | huggingface_hub | `1` never asks the hub: only what is there is served |
| `HF_ENDPOINT` | huggingface_hub | address of a mirror of the hub |
| `OTEL_EXPORTER_OTLP_ENDPOINT` | OpenTelemetry | address that gets traces; unset makes none |
| `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, … | OpenTelemetry | see its documentation |
| `OTEL_TRACES_EXPORTER`, `OTEL_SDK_DISABLED` | OpenTelemetry | `none`, or `true`, makes no traces |
| `TIKTOKEN_CACHE_DIR` | tiktoken | folder of OpenAI's vocabulary, for `cl100k_base` |

`GPU_EMBEDDING_API_KEY`, from the environment alone, is the key that `gpu-embedding embed --url`
sends.
"""

_EXAMPLE_HEAD = """\
# Copy this file to .env and change what you need. Every setting is here; a line that starts with
# "#" shows a default. The same as a table: docs/settings.md.
# Written by `make generate` from settings/.
"""
_EXAMPLE_WIDTH = 98


class Setting(NamedTuple):
    """One setting as its reader sees it."""

    name: str
    default: str
    values: str
    meaning: str


def render_settings_page() -> str:
    """Return the whole text of docs/settings.md."""
    sections = "".join(_render_section(group, list(_list_settings(group))) for group in GROUPS)
    options = [
        setting._replace(name=setting.name.lower()) for setting in _list_settings(ModelOptions)
    ]
    return (
        _PAGE_HEAD
        + sections
        + "\n## A value of MODEL_OPTIONS\n\n"
        + 'For example `MODEL_OPTIONS={"all-MiniLM-L6-v2": {"max_length": 128}}`.\n\n'
        + _render_table(options)
        + _PAGE_FOOT
    )


def render_env_example() -> str:
    """Return the whole text of .env.example."""
    return _EXAMPLE_HEAD + "".join(_render_example_section(group) for group in GROUPS)


def _render_section(group: type[BaseModel], settings: list[Setting]) -> str:
    return f"\n## {_title(group)}\n\n{_render_table(settings)}"


def _render_table(settings: list[Setting]) -> str:
    rows = (
        f"| `{name}` | {f'`{default}`' if default else 'unset'} | {values} | {meaning} |\n"
        for name, default, values, meaning in settings
    )
    return "| name | default | values | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _render_example_section(group: type[BaseModel]) -> str:
    lines = [f"\n# --- {_title(group)}\n"]
    for name, default, values, meaning in _list_settings(group):
        hint = "" if values == "text" else f" [{values}]"
        told = textwrap.wrap(f"{meaning}{hint}".replace("`", ""), _EXAMPLE_WIDTH)
        lines.append("\n" + "".join(f"# {line}\n" for line in told))
        if name in _ACTIVE:
            lines.append(f"{name}={_ACTIVE[name] or default}\n")
        else:
            lines.append(f"# {name}={default}\n")
    return "".join(lines)


def _title(group: type[BaseModel]) -> str:
    """The first sentence of the group's docstring, as a heading."""
    return (group.__doc__ or group.__name__).split(".")[0]


def _list_settings(group: type[BaseModel]) -> Iterator[Setting]:
    schemas = group.model_json_schema(by_alias=False)["properties"]
    for name, field in group.model_fields.items():
        yield Setting(
            name=name.upper(),
            default=_render_default(field),
            values=_render_values(field, schemas[name]),
            meaning=" ".join((field.description or "").split()),
        )


def _render_default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if isinstance(default, Path):  # where the person who made the page keeps theirs
        return ""
    if default is None or default in ((), {}):
        return ""
    match default:
        case ByteSize():
            return default.human_readable().replace(".0", "") if default else "0"
        case bool():
            return str(default).lower()
        case float():
            return f"{default:g}"
        case _:
            return str(default)


def _render_values(field: FieldInfo, schema: dict[str, Any]) -> str:
    if field.annotation is ByteSize:
        return "size, such as `512MiB`"
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    return " or ".join(_render_kind(kind) for kind in kinds)


def _render_kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("format") == "path":
        return "path"
    name = {
        "boolean": "`true` or `false`",
        "integer": "whole number",
        "number": "number",
        "array": "list, separated by commas",
        "object": "JSON object",
    }.get(schema.get("type", ""), "text")
    return name + _render_bounds(schema)


def _render_bounds(schema: dict[str, Any]) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
    return "".join(f" {word} {schema[key]:,g}" for key, word in words.items() if key in schema)
