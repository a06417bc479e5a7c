"""The tables and keys of `gitlab-sync.toml`: what is valid there, and the JSON Schema of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import holidays
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gitlab_sync.rules.items import issue, merge_request

CHECKS = tuple(dict.fromkeys(check.id for check in (*merge_request.CHECKS, *issue.CHECKS)))
"""The ids of all checks of items."""


def calendar(code: str) -> holidays.HolidayBase:
    """Return the holidays of a country (`IN`) or a region (`DE-BY`). Raises ValueError."""
    country, _, region = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        raise ValueError("must be a date, or the code of a country or a region") from None


def nearest(given: str, known: Iterable[str]) -> str:
    """Return a hint at the known name that is nearest to what was given, or an empty text."""
    found = get_close_matches(given, list(known), 1)
    return f"Did you mean {found[0]}?" if found else ""


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, by which editors complete it."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **PolicyTable.model_json_schema()}


def known_keys(place: Iterable[int | str]) -> list[str]:
    """Return the keys of the table at a place, as `known_keys(("paths",))`."""
    whole = schema()
    table: dict[str, Any] = whole
    for key in place:
        table = table.get("properties", {}).get(key) or table.get("additionalProperties") or {}
        if "$ref" in table:
            table = whole["$defs"][table["$ref"].rpartition("/")[2]]
    return list(table.get("properties", ()))


def _check(name: str) -> str:
    if name not in CHECKS:
        raise ValueError(f"unknown check. {nearest(name, CHECKS)}".rstrip())
    return name


def _zone(name: str) -> str:
    known = available_timezones()
    if name not in known:
        raise ValueError(f"must be a time zone. {nearest(name, sorted(known))}".rstrip())
    return name


def _holiday(day: date | str) -> date | str:
    if isinstance(day, str):
        calendar(day)
    return day


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CheckTable(_Table):
    """What is agreed on about one check."""

    exempt_labels: list[str] = Field([], description="Labels with which it does not apply.")


class PathsTable(_Table):
    """Which changed files count, by patterns as in `.gitignore`."""

    source: list[str] = Field([], description="Source files: a change of one needs a test.")
    test: list[str] = Field([], description="Tests.")


class BotsTable(_Table):
    """Who is no person."""

    names: list[str] | None = Field(None, description="Bots that do not look like one.")


class PolicyTable(_Table):
    """The whole file."""

    extends: str = Field("fair", description="“fair”, or the path of another file.")
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="The time zone of working days, such as Asia/Kolkata."
    )
    holidays: list[Annotated[date | str, AfterValidator(_holiday)]] = Field(
        [], description="Days off: dates, or codes of countries and regions (IN, DE-BY)."
    )
    time_tracking: bool = Field(False, description="Whether time has to be booked.")
    milestones: Literal["off", "if used", "always"] = Field(
        "off",
        description="Whether issues need a milestone: never, where their project has an active "
        "one now, or always.",
    )
    checks: dict[Annotated[str, AfterValidator(_check)], CheckTable] = Field(
        {}, description="What is agreed on about single checks, by their ids."
    )
    paths: PathsTable = PathsTable.model_construct()
    bots: BotsTable = BotsTable.model_construct()
