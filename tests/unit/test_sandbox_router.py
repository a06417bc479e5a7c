"""Paths find their routes."""

from __future__ import annotations

import pytest

from gitlab_sync.sandbox.answer import Answer
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.router import Router


def route(_call: Call) -> Answer:
    """Answer with nothing."""
    return Answer()


ROUTER = Router(
    {
        "/projects": route,
        "/projects/:id": route,
        "/projects/:id/members/all": route,
        "/projects/:id/members/:user_id": route,
        "/projects/:id/files/:path/raw": route,
        "POST /projects": route,
    }
)


@pytest.mark.parametrize(
    ("path", "template", "arguments"),
    [
        ("projects", "/projects", ()),
        ("projects/top%2Fapp", "/projects/:id", ("top/app",)),
        ("projects/7/members/all", "/projects/:id/members/all", ("7",)),
        ("projects/7/members/8", "/projects/:id/members/:user_id", ("7", "8")),
        ("projects/7/files/a%2Fb%20c.md/raw", "/projects/:id/files/:path/raw", ("7", "a/b c.md")),
    ],
)
def test_a_path_gives_its_template_and_variables(
    path: str, template: str, arguments: tuple[str, ...]
) -> None:
    """Variables are decoded; a literal segment goes first."""
    found = ROUTER.find(path.split("/"))
    assert found is not None
    assert (found[0], found[2]) == (template, arguments)


@pytest.mark.parametrize("path", ["", "nothing", "projects/7/members", "projects/7/members/all/9"])
def test_an_unknown_path_gives_nothing(path: str) -> None:
    """Also one that ends between routes."""
    assert ROUTER.find(path.split("/")) is None


def test_a_path_knows_its_methods() -> None:
    """Others are for a 405."""
    found = ROUTER.find(["projects"])
    assert found is not None
    assert set(found[1]) == {"GET", "POST"}
