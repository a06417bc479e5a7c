"""The table of whole people as exporters take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.items.table import POLICY, shares
from gitlab_sync.rules.scores import unified
from gitlab_sync.services.rows import profile_links
from gitlab_sync.types import TableRow

if TYPE_CHECKING:
    from gitlab_sync.services.people_report import PeopleQuery, PersonAnswer

_NO_PEOPLE: Mapping[str, PersonAnswer] = MappingProxyType({})


def people_sheet(
    query: PeopleQuery,
    rows: Sequence[TableRow],
    meta: Meta,
    people: Mapping[str, PersonAnswer] = _NO_PEOPLE,
) -> Sheet:
    """Return rows of `query` as exporters take them; `meta` says where they come from.

    What counts leave out is known of those in `people`, by their `Username`.
    """
    return Sheet(
        "People",
        query.columns,
        rows,
        meta,
        links=profile_links(meta.instance),
        kinds={column: "integer" for column in query.columns if column not in unified.TEXT_COLUMNS},
        nothing={"Error", "College"},
        shares=shares(query.columns),
        doubts={name: each.unknown for name, each in people.items()},
        waived={name: each.waived for name, each in people.items()},
        repeated={POLICY, *query.as_of.repeated},
    )
