"""The files for pipelines are valid by GitLab's schema, and their page says what they say."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import click
import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from ci_files import DOCUMENT, HOOKS, ROOT, TEMPLATE, blocks, component

from gitlab_sync.cli.main import cli


@cache
def ci_schema() -> Any:
    """Return what validates a `.gitlab-ci.yml`, as GitLab publishes it."""
    return jsonschema.Draft7Validator(get_builtin_schema("vendor.gitlab-ci"))


def test_our_own_pipeline_is_valid_and_runs_what_is_there() -> None:
    """Each target of make that it calls, and the script that decides."""
    text = (ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8")
    ci_schema().validate(yaml.safe_load(text))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^    - make (\w+)$", text, re.MULTILINE))
    assert targets >= {"lint", "coverage", "docs"}
    assert {target for target in targets if f"\n{target}: " not in makefile} == set()
    assert "    - .ci/run\n" in text
    assert (ROOT / ".ci" / "run").is_file()


def test_the_component_is_valid_with_its_usual_inputs() -> None:
    """Its header, and what GitLab makes of the rest."""
    header, _ = TEMPLATE.split("\n---\n")
    ci_schema().validate(yaml.safe_load(header))
    ci_schema().validate(component())


@pytest.mark.parametrize("text", blocks())
def test_each_example_of_a_pipeline_is_valid(text: str) -> None:
    """It can be copied as it is. The hooks are for another program."""
    content = yaml.safe_load(text)
    if "repos" not in content:
        ci_schema().validate(content)


def test_the_first_example_has_six_lines() -> None:
    """That is all it takes."""
    assert len(blocks()[0].splitlines()) == 6


def test_the_inputs_are_said_with_their_defaults() -> None:
    """No other, and in their order."""
    inputs = yaml.safe_load(TEMPLATE.split("\n---\n")[0])["spec"]["inputs"]
    section = DOCUMENT.split("## The component")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \| (.+) \|$", section, re.MULTILINE)
    assert rows == [
        (name, shown(each["default"]), each["description"]) for name, each in inputs.items()
    ]


def shown(default: object) -> str:
    """Return a default as the document shows it."""
    return "none" if default == "" else f"`{str(default).lower()}`"


def test_the_hook_checks_each_policy_file_and_no_other() -> None:
    """The document names it."""
    (hook,) = yaml.safe_load(HOOKS)
    assert hook.keys() >= {"id", "name", "entry", "language", "files"}
    program, command, what = hook["entry"].split()
    assert program == "gitlab-sync"
    group = cli.get_command(click.Context(cli), command)
    assert isinstance(group, click.Group)
    assert what in group.commands
    paths = ("gitlab-sync.toml", "a/gitlab-sync.toml", "x-gitlab-sync.toml", "gitlab-sync.tomlx")
    assert [bool(re.search(hook["files"], path)) for path in paths] == [True, True, False, False]
    assert f"id: {hook['id']}" in DOCUMENT
