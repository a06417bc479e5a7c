"""A table with everything that its file has to say: the input of all formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self, TypeAlias

from gitlab_sync._version import __version__
from gitlab_sync.errors import without_secrets
from gitlab_sync.reports.cells import Kind, kind_of, shown_moment
from gitlab_sync.reports.report import Report
from gitlab_sync.rules import RULES_VERSION
from gitlab_sync.types import TableRow

Link: TypeAlias = str | Callable[[TableRow], str | None]
"""The source of a cell's link: the column that holds the URL (shown or not), or a function."""

# Visible ASCII (RFC 3986 allows no more), and never a `javascript:` URL from a server.
_WEB = re.compile(r"https?://[!-~]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Meta:
    """Where the numbers come from, so that a file explains itself years later. Immutable.

    `as_of`: when the data was read, aware (kept in UTC). `instance`: the URL of the GitLab.
    `completeness`: how much was read, in words. `scope`: what was asked for and filtered, in words.
    `policy`: by which rules, if these were chosen. `then`: at which moments, in words, if the data
    is as it was at moments that were chosen. Secrets in the texts are masked. Raises
    ValueError for a time without an offset.
    """

    as_of: datetime
    instance: str
    completeness: str
    scope: str = ""
    policy: str = ""
    then: str = ""
    rules_version: str = RULES_VERSION
    program_version: str = __version__

    def __post_init__(self) -> None:
        if self.as_of.utcoffset() is None:
            raise ValueError(f"as_of must have an offset, got {self.as_of}")
        object.__setattr__(self, "as_of", self.as_of.astimezone(UTC))
        for name in ("instance", "completeness", "scope"):
            object.__setattr__(self, name, without_secrets(getattr(self, name)))

    @classmethod
    def of_report(
        cls, report: Report, instance: str, scope: str = "", policy: str = "", then: str = ""
    ) -> Self:
        """Return the origin of a run's rows, from its report."""
        return cls(report.as_of, instance, str(report.completeness), scope, policy, then)

    def lines(self) -> dict[str, str]:
        """Return labels and texts for people to read, in order; empty texts are left out."""
        lines = {
            "Data as of": shown_moment(self.as_of),
            "GitLab": self.instance,
            "Completeness": self.completeness,
            "Scope": self.scope,
            "Policy": self.policy,
            "As it was at": self.then,
            "Rules": f"version {self.rules_version}",
            "Program": f"gitlab-sync {self.program_version}",
        }
        return {label: text for label, text in lines.items() if text}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: a title, the columns in order, the rows, and where they come from. Immutable.

    A column that a row lacks is null. `links`: the links of columns. `kinds`: kinds of columns that
    the cells alone do not show, such as `percent`, or `integer` if all can be null. `nothing`:
    columns in which null means that there is nothing, rather than that it is unknown. `shares`: for
    columns of counts, the column that says of how many. `doubts`: by username and column, how many
    items are unknown, and `waived`, of how many a waiver covers the fault. `repeated`: columns that
    say the same in each row.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[TableRow]
    meta: Meta
    links: Mapping[str, Link] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    nothing: Collection[str] = frozenset({"Error"})
    shares: Mapping[str, str] = field(default_factory=dict)
    doubts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    waived: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    repeated: Collection[str] = ()

    def kind(self, column: str) -> Kind:
        """Return the kind of a column: that of its cells, or the declared one if they fit it.

        A column in which nothing is known has the declared kind, or else is text.
        """
        found = kind_of(row.get(column) for row in self.rows)
        declared = self.kinds.get(column)
        if declared is None or found is None:
            return declared or found or "text"
        wider = declared in {"number", "percent"} and found in {"integer", "number"}
        return declared if wider or declared == "text" else found

    def link(self, column: str, row: TableRow) -> str | None:
        """Return the link of a cell; None if there is none, or it is not an http or https URL."""
        source = self.links.get(column)
        if source is None:
            return None
        return web_address(row.get(source) if isinstance(source, str) else source(row))


def web_address(url: object) -> str | None:
    """Return a URL if it is one that a reader can follow: http or https, in visible ASCII."""
    return url if isinstance(url, str) and _WEB.fullmatch(url) else None
