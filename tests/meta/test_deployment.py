"""The files for running it in a container say what the documents say."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DEPLOYMENT = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")


def test_the_image_runs_without_privileges_and_says_how_it_is() -> None:
    """The last user is not root, and there is a health check."""
    users = [line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("USER ")]
    assert users == ["app"]
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/_stcore/health" in DOCKERFILE


def test_all_that_the_image_copies_is_let_through() -> None:
    """What `.dockerignore` holds back would be missing."""
    let_through = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        name.removesuffix("/")
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
        if not name.startswith("--")
    }
    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)


def test_compose_gives_the_app_what_it_needs_and_no_more() -> None:
    """No capability, a file system that cannot be written, and only settings that exist."""
    app = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["app"]
    assert app["read_only"]
    assert app["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in app["ports"])
    assert all(f"`{name}`" in DEPLOYMENT for name in app["environment"])


def test_every_setting_of_the_environment_is_documented() -> None:
    """Those that the pages read."""
    for path in (ROOT / "gitlab_sync/pages").glob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if 'VARIABLE = "' in line:
                assert line.split('"')[1] in DEPLOYMENT, line
