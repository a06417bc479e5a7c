"""`waive`: a decision becomes a part of the policy file."""

from __future__ import annotations

import getpass
import tomllib
from pathlib import Path

import pytest
from cli_runs import Done, environment, run

NAME = "gitlab-sync.toml"
REASON = ("--reason", "pair-programmed", "--until", "2099-12-31")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder below one with a policy."""
    (tmp_path / NAME).write_text("# ours\n", "utf-8")
    inner = tmp_path / "app"
    inner.mkdir()
    monkeypatch.chdir(inner)
    return tmp_path


def waive(folder: Path, *arguments: str) -> Done:
    """Run the command without any GitLab."""
    return run(environment(folder), "waive", *arguments)


@pytest.mark.parametrize(
    ("arguments", "limit"),
    [
        (["courses/app!42"], {"item": "courses/app!42"}),
        (["courses/app#7"], {"item": "courses/app#7"}),
        (
            ["https://gitlab.example/courses/app/-/merge_requests/42#note_1"],
            {"item": "courses/app!42"},
        ),
        (["--project", "courses/app"], {"project": "courses/app"}),
        (["--person", "ann"], {"person": "ann"}),
        (["--group", "courses"], {"group": "courses"}),
        (["--everywhere"], {}),
    ],
)
def test_the_nearest_file_gets_the_waiver(
    folder: Path, arguments: list[str], limit: dict[str, str]
) -> None:
    """Of one thing, or of everything if that is said."""
    done = waive(folder, "no_desc", *arguments, *REASON)
    assert done.returncode == 0, done.stderr.decode()
    assert "is waived until 2099-12-31" in done.stdout.decode()
    text = (folder / NAME).read_text("utf-8")
    assert text.startswith("# ours\n\n[[waivers]]\n")
    (found,) = tomllib.loads(text)["waivers"]
    assert {key: found[key] for key in found if key in {"item", "project", "person", "group"}} == (
        limit
    )
    assert (found["reason"], found["by"]) == ("pair-programmed", getpass.getuser())
    assert not (folder / "app" / NAME).exists()


def test_the_path_of_the_gitlab_itself_is_no_part_of_a_reference(folder: Path) -> None:
    """Where GITLAB_URL says which one it is."""
    address = "https://example.org/gitlab/courses/app/-/issues/7"
    environ = environment(folder, GITLAB_URL="https://example.org/gitlab/")
    assert run(environ, "waive", "no_labels", address, *REASON).returncode == 0
    assert 'item = "courses/app#7"' in (folder / NAME).read_text("utf-8")


def test_a_file_of_its_own_can_be_named(folder: Path) -> None:
    """It is made if it is not there."""
    line = ("no_desc", "a/b!1", *REASON, "--by", "mentor1", "--file", "ours.toml")
    assert waive(folder, *line).returncode == 0
    (found,) = tomllib.loads((folder / "app/ours.toml").read_text("utf-8"))["waivers"]
    assert found["by"] == "mentor1"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no_desc", "a/b!1", "--until", "2099-12-31"], "Missing option '--reason'"),
        (["no_desc", "a/b!1", "--reason", "x"], "Missing option '--until'"),
        (["no_desc", "a/b!1", "--reason", " ", "--until", "2099-12-31"], "reason"),
        (["no_desc", "a/b!1", "--reason", "x", "--until", "2001-12-31"], "must not be in the past"),
        (["no_desc", "a/b!1", "--reason", "x", "--until", "soon"], "must be a date"),
        (["no_dsc", "a/b!1", *REASON], "Did you mean no_desc?"),
        (["no_desc", *REASON], "exactly one of ITEM"),
        (["no_desc", "a/b!1", "--everywhere", *REASON], "exactly one of ITEM"),
        (["no_desc", "a/b!1", *REASON, "--file", "no/such/folder.toml"], "cannot be written"),
        (["no_desc", "a/b!1", *REASON, "--file", "."], "is not a file"),
    ],
)
def test_what_is_no_decision_is_refused(folder: Path, arguments: list[str], told: str) -> None:
    """And the file stays as it is."""
    done = waive(folder, *arguments)
    assert done.returncode == 2
    assert told in done.stderr.decode()
    assert (folder / NAME).read_text("utf-8") == "# ours\n"
