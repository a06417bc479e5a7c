"""The tables and keys of `gitlab-sync.toml`: what is valid there, and the JSON Schema of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import (
    CoreSchema,
    NullableSchema,
    WithDefaultSchema,
    no_info_after_validator_function,
)

from gitlab_sync.rules.bounds import MOST_PATTERNS
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.patterns import pattern_fault
from gitlab_sync.rules.items.terms import Milestones
from gitlab_sync.rules.projects import checks as project_checks
from gitlab_sync.rules.projects.licences import near_identifiers, spdx
from gitlab_sync.rules.scores.leaderboard import MOST_POINTS
from gitlab_sync.rules.scores.work import TITLES
from gitlab_sync.rules.text import did_you_mean

if TYPE_CHECKING:
    from holidays import HolidayBase

ITEM_CHECKS: Final[Mapping[str, Check]] = {
    check.id: check for check in (*issue.CHECKS, *merge_request.CHECKS)
}
"""The checks of merge requests and issues, by their ids."""

LIMITED: Final = frozenset({*merge_request.LIMITS, *issue.LIMITS})
"""The ids of the checks that have a limit."""

CHECKS: Final[Mapping[str, Check]] = {**ITEM_CHECKS, **project_checks.BY_ID}
"""All checks by their ids."""

MOST_WAIVERS = 10_000
MOST_NAMES = 1_000
"""Of labels, bots, holidays or licences in one list."""

ONLY_ONE: Final = ("item", "project", "person", "group")
"""What can limit a waiver, at most one of them."""

_HOURS = re.compile(r"[1-9][0-9]{0,3}h")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_GROUP = re.compile(r"[\w.-]+(/[\w.-]+)*")
_PROJECT = re.compile(r"[\w.-]+(/[\w.-]+)+")
_ITEM = re.compile(rf"{_PROJECT.pattern}[!#][1-9][0-9]{{0,18}}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9.+-]+")


def calendar(code: str) -> HolidayBase:
    """Return the holidays of a country (`IN`) or a region (`DE-BY`). Raises ValueError."""
    import holidays  # noqa: PLC0415 - slow, and only some policies name a country

    country, _, region = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        raise ValueError("must be a date, or the code of a country or a region") from None


class _Schema(GenerateJsonSchema):
    """Writes a schema without null, which TOML does not have."""

    def nullable_schema(self, schema: NullableSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> dict[str, Any]:
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, by which editors complete it. Not to be changed."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **PolicyTable.model_json_schema(schema_generator=_Schema)}


def known_keys(place: Iterable[int | str]) -> list[str]:
    """Return the keys of the table at a place, as `known_keys(("paths",))`."""
    whole = schema()
    table: dict[str, Any] = whole
    for key in place:
        table = table.get("properties", {}).get(key) or table.get("items") or {}
        if "$ref" in table:
            table = whole["$defs"][table["$ref"].rpartition("/")[2]]
    return list(table.get("properties", ()))


def _zone(name: str) -> str:
    known = available_timezones()
    if name not in known:
        raise ValueError(f"must be a time zone.{did_you_mean(name, sorted(known))}")
    return name


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("must be a date without quotes, such as 2026-12-31")


def _holiday(value: object) -> object:
    if isinstance(value, str):
        calendar(value)
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("must be a date, or the code of a country or a region")


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        return time.fromisoformat(value)
    raise ValueError("must be a time of day such as “09:00”")


def _weight(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 <= value <= MOST_POINTS):  # type: ignore[operator] # it is one
        raise ValueError(f"must be a number from 0 to {MOST_POINTS}")
    return value


def _check(name: str) -> str:
    if name not in CHECKS:
        raise ValueError(f"unknown check.{did_you_mean(name, CHECKS)}")
    return name


def _licence(name: str) -> str:
    if _IDENTIFIER.fullmatch(name) and spdx(name):
        return name
    near = near_identifiers(name)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    raise ValueError(f"must be an SPDX identifier such as MIT or AGPL-3.0.{meant}")


def _pattern(text: str) -> str:
    fault = pattern_fault(text)
    if fault is not None:
        raise ValueError(fault)
    return text


def _username(name: str) -> str:
    if username_fault(name) is not None:
        raise ValueError("must be a username")
    return name


@dataclass(frozen=True, slots=True)
class _Matching:
    """Lets a text be one that matches a pattern, in the schema too; `what` says which that are."""

    pattern: re.Pattern[str]
    what: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(core), "pattern": f"^{self.pattern.pattern}$"}

    def _checked(self, text: str) -> str:
        if not self.pattern.fullmatch(text):
            raise ValueError(f"must be {self.what}")
        return text


Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=255)]
Names: TypeAlias = Annotated[list[Name], Field(max_length=MOST_NAMES)]
Patterns: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(_pattern)]], Field(max_length=MOST_PATTERNS)
]
Weight: TypeAlias = Annotated[
    int | float,
    BeforeValidator(_weight),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MOST_POINTS}),
]
Level: TypeAlias = Literal["low", "medium", "high", "off"]
Clock: TypeAlias = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK.pattern}(:00)?$"}),
]
Licences: TypeAlias = Annotated[
    list[Annotated[str, AfterValidator(_licence)]], Field(min_length=1, max_length=MOST_NAMES)
]
Item: TypeAlias = Annotated[str, _Matching(_ITEM, "such as courses/app!42 or courses/app#7")]
GroupPath: TypeAlias = Annotated[
    str, _Matching(_GROUP, "the full path of a group, such as courses")
]
Hours: TypeAlias = Annotated[str, _Matching(_HOURS, "hours from 1 to 9999 such as “48h”")]
ProjectPath: TypeAlias = Annotated[
    str, _Matching(_PROJECT, "the full path of a project, such as courses/app")
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CheckTable(_Table):
    """What is agreed on about one check."""

    severity: Level | None = Field(None, description="How much a fault matters; off: n/a.")


class ItemCheckTable(CheckTable):
    """What is agreed on about one check of merge requests or issues."""

    exempt_labels: Names = Field([], description="Labels with which it does not apply.")


class LimitedCheckTable(ItemCheckTable):
    """What is agreed on about one check of how long something took."""

    limit: Hours | None = Field(None, description="The longest time that is no fault, such as 48h.")


def _checks() -> type[_Table]:
    def kind(check: str) -> type[CheckTable]:
        if check in LIMITED:
            return LimitedCheckTable
        return ItemCheckTable if check in ITEM_CHECKS else CheckTable

    tables: dict[str, Any] = {
        check.id: (
            kind(check.id),
            Field(kind(check.id).model_construct(), description=check.fails_when),
        )
        for check in CHECKS.values()
    }
    return create_model(
        "ChecksTable",
        __base__=_Table,
        __doc__="What is agreed on about single checks, by their ids.",
        **tables,
    )


def _weights(name: str, about: str, titles: Mapping[str, str]) -> type[_Table]:
    fields: dict[str, Any] = {
        key: (Weight | None, Field(None, description=title)) for key, title in titles.items()
    }
    return create_model(name, __base__=_Table, __doc__=about, **fields)


ChecksTable = _checks()
LeaderboardWeights = _weights(
    "LeaderboardWeights", "Points for each of a number in the leaderboard.", TITLES
)
ComplianceWeights = _weights(
    "ComplianceWeights",
    "The weight of each check in the score of a project.",
    {check.id: check.title for check in project_checks.CHECKS},
)


class PathsTable(_Table):
    """Which changed files count, by patterns as in `.gitignore`."""

    source: Patterns = Field([], description="Source files: a change of one needs a test.")
    test: Patterns = Field([], description="Tests.")


class LicensesTable(_Table):
    """Which licences a project can have."""

    allowed: Licences | None = Field(None, description="The allowed ones, as SPDX identifiers.")


class ReadmeTable(_Table):
    """What the README of a project needs."""

    length: Annotated[int, Field(ge=0)] | None = Field(None, description="Characters.")
    sections: Annotated[int, Field(ge=0)] | None = Field(
        None, description="How many of the usual topics."
    )


class WeightsTable(_Table):
    """What counts how much."""

    leaderboard: LeaderboardWeights = LeaderboardWeights.model_construct()  # type: ignore[valid-type]
    compliance: ComplianceWeights = ComplianceWeights.model_construct()  # type: ignore[valid-type]


class BotsTable(_Table):
    """Who is no person."""

    names: Names | None = Field(
        None, description="Bots that do not look like one; `*` is any text."
    )


class SlotsTable(_Table):
    """The parts of the day of commits; the rest of the day is neither."""

    morning: Clock | None = Field(None, description="When the morning begins.")
    afternoon: Clock | None = Field(None, description="When the afternoon begins.")
    evening: Clock | None = Field(None, description="When the afternoon ends.")


class ContestTable(_Table):
    """Where faults are disputed."""

    project: ProjectPath | None = Field(None, description="The project of the issues, by its path.")


class WaiverTable(_Table):
    """A decision that one check's faults do not count; it can be limited to one thing."""

    check: Annotated[str, AfterValidator(_check)] = Field(
        description="The id of the check.", json_schema_extra={"enum": [*CHECKS]}
    )
    reason: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="Why its faults do not count."
    )
    by: Name = Field(description="Who decided, by the username.")
    until: Annotated[date, BeforeValidator(_day)] = Field(description="The last day it is valid.")
    item: Item | None = Field(
        None, description="The merge request (courses/app!42) or issue (courses/app#7)."
    )
    project: ProjectPath | None = Field(None, description="The project, by its path.")
    person: Annotated[str, AfterValidator(_username)] | None = Field(
        None, description="The person, by the username."
    )
    group: GroupPath | None = Field(
        None, description="The group with all of its projects, by its path."
    )

    @model_validator(mode="after")
    def _is_limited_once(self) -> WaiverTable:
        given = [key for key in ONLY_ONE if getattr(self, key) is not None]
        if len(given) > 1:
            wanted, got = ", ".join(ONLY_ONE), " and ".join(given)
            raise ValueError(f"must have at most one of {wanted}, got {got}")
        return self


class PolicyTable(_Table):
    """The whole file."""

    extends: str = Field(
        "fair",
        description="What this file changes: fair, classic, the path of a file, or the https URL "
        "of a file of the same GitLab.",
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="The time zone of working days, such as Asia/Kolkata."
    )
    holidays: Annotated[
        list[Annotated[date | str, BeforeValidator(_holiday)]], Field(max_length=MOST_NAMES)
    ] = Field([], description="Days off: dates, or codes of countries and regions (IN, DE-BY).")
    time_tracking: bool = Field(False, description="Whether time has to be booked.")
    milestones: Milestones = Field(
        "off",
        description="Whether issues need a milestone: never, where their project has an active "
        "one now, or always.",
    )
    contest: ContestTable = ContestTable.model_construct()
    checks: ChecksTable = ChecksTable.model_construct()  # type: ignore[valid-type]
    paths: PathsTable = PathsTable.model_construct()
    licenses: LicensesTable = LicensesTable.model_construct()
    readme: ReadmeTable = ReadmeTable.model_construct()
    weights: WeightsTable = WeightsTable.model_construct()
    bots: BotsTable = BotsTable.model_construct()
    slots: SlotsTable = SlotsTable.model_construct()
    waivers: Annotated[list[WaiverTable], Field(max_length=MOST_WAIVERS)] = Field(
        [], description="Faults that do not count, each with a reason and an end."
    )
