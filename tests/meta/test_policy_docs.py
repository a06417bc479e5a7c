"""The policy file's page, the JSON Schema, the model and the file to begin with say the same."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from documents import text_of
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no types

from gitlab_sync.policies.file import load
from gitlab_sync.policies.model import schema
from gitlab_sync.policies.starter import STARTER

TEXT = text_of("policy-file")
SCHEMA = schema()
EXAMPLE = re.findall(r"^```toml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)[0]
MAPS = {"checks": "ID", "compliance": "ID", "leaderboard": "NAME"}
"""The tables with a key for each check or number, and what the documents write for that."""


def keys(table: dict[str, Any], prefix: str = "", name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each key of the schema as the documents write it, and what the schema says of it."""
    for key, given in table["properties"].items():
        part = given.get("items", given) if key == "waivers" else given
        if "$ref" in part:
            inner = SCHEMA["$defs"][part["$ref"].rpartition("/")[2]]
            shown = MAPS.get(name, key)
            yield from keys(inner, f"{prefix}{shown}.", key)
        else:
            yield f"{prefix}{MAPS.get(name, key)}", given.get("description", "")


def plain(value: Any) -> Any:
    """Return a value of TOML as editors give it to a schema: days and times are texts."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return list(map(plain, value))
    return value.isoformat() if isinstance(value, date | time) else value


def uncommented() -> str:
    """Return the file to begin with, with all that it only shows."""
    return re.sub(r"^# (?=\[|[a-z_]+ = )", "", STARTER, flags=re.MULTILINE)


def test_each_key_of_the_schema_has_its_row_and_each_row_its_key() -> None:
    """Neither runs ahead of the other, and the schema says what each is for."""
    rows = re.findall(r"^\| `([a-z_A-Z.]+)` \| ", TEXT, re.MULTILINE)
    found = dict(keys(SCHEMA))
    assert rows == list(found)
    assert all(found.values())


@pytest.mark.parametrize("text", [EXAMPLE, STARTER, uncommented()], ids=["docs", "starter", "all"])
def test_what_is_shown_is_valid_by_the_model_and_by_the_schema(text: str, tmp_path: Path) -> None:
    """Word by word; the file to begin with also with all that it only shows."""
    (tmp_path / "gitlab-sync.toml").write_text(text, encoding="utf-8")
    load(folder=tmp_path)
    assert not list(Draft202012Validator(SCHEMA).iter_errors(plain(tomllib.loads(text))))


def test_the_file_to_begin_with_changes_nothing_and_shows_every_table(tmp_path: Path) -> None:
    """What is commented out there is what holds without it."""
    (tmp_path / "gitlab-sync.toml").write_text(STARTER, encoding="utf-8")
    policy = load(folder=tmp_path)
    assert (policy.base, policy.settings, policy.waivers) == ("fair", (), ())
    assert set(tomllib.loads(uncommented())) == set(SCHEMA["properties"])


@pytest.mark.parametrize(
    "text",
    [
        'timezon = "UTC"',
        '[checks.no_desc]\nseverity = "hi"',
        '[checks.no_desc]\nlimit = "48h"',
        '[checks.license]\nexempt_labels = ["a"]',
        '[checks.merge_gt_2_days]\nlimit = "0h"',
        "[weights.leaderboard]\nmr_merged = -1",
        "[weights.compliance]\nlicence = 1",
        '[slots]\nmorning = "9:00"',
        '[contest]\nproject = "decisions"',
        '[[waivers]]\ncheck = "no_desc"\nreason = "x"\nby = "ann"',
        '[[waivers]]\ncheck = "no_des"\nreason = "x"\nby = "ann"\nuntil = 2026-01-01',
        '[[waivers]]\ncheck = "no_desc"\nreason = "x"\nby = "a"\nuntil = 2026-01-01\nitem = "a!1"',
    ],
)
def test_what_the_model_refuses_the_schema_refuses(text: str, tmp_path: Path) -> None:
    """So an editor marks it before the command names it."""
    (tmp_path / "gitlab-sync.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Exception, match="not valid"):
        load(folder=tmp_path)
    assert list(Draft202012Validator(SCHEMA).iter_errors(plain(tomllib.loads(text))))
