"""What the Dockerfile says twice, it says alike."""

import re
import tomllib

from generate import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IMAGES = 3
"""operator, index, server."""


def test_the_images_are_of_the_packages_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = re.findall(r"^ARG VERSION=(.*)$", DOCKERFILE, re.MULTILINE)
    assert told == [project["version"]] * IMAGES


def test_every_image_is_built_on_what_was_asked_for() -> None:
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)
    own = {name for _, name in stages}
    assert {base for base, _ in stages} - own == {"${BASE_IMAGE}"}


def test_the_server_is_what_is_built_when_nothing_is_named() -> None:
    assert re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE)[-1] == "server"


def test_no_image_runs_as_root() -> None:
    assert len(re.findall(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)) == IMAGES
