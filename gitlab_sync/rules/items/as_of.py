"""The moments as of which items are evaluated: one for all people, or the deadline of each."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.text import plural
from gitlab_sync.types import Record

AS_OF, LATE = "As Of", "Late"
"""The columns: the moment that counts for a person, and how many items came after it."""

LATE_COLUMNS = ("Username", "Item", "State", "Ended", "Link")
"""The columns of the list of late items."""

MARK = "as_of"
"""The field in the record of an item as it was, which no record of GitLab has: the moment."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AsOf:
    """The moments that count, all aware; false without any: items count as they are. Immutable.

    `deadlines` are by the lower case of the username; `when` is that of everyone else (None: there
    is no one else). Items that ended up to `grace` after the moment are late (None: that is not
    asked for).
    """

    when: datetime | None = None
    deadlines: Mapping[str, datetime] = field(default_factory=dict)
    grace: timedelta | None = None

    def __bool__(self) -> bool:
        return self.when is not None or bool(self.deadlines)

    @property
    def key(self) -> Hashable:
        """What tells these moments from others."""
        return (self.when, tuple(sorted(self.deadlines.items())), self.grace)

    def of(self, username: str) -> datetime:
        """Return the moment for a person; ConfigurationError if there is none."""
        found = self.deadlines.get(username_key(username), self.when)
        if found is None:
            raise ConfigurationError(
                f"{username} must have a deadline, got none",
                hint="Fill in the column “deadline”, or give --as-of a time for those without one.",
            )
        return found

    @property
    def moments(self) -> list[datetime]:
        """All moments, each once, the earliest first."""
        return sorted({*([] if self.when is None else [self.when]), *self.deadlines.values()})

    @property
    def last(self) -> datetime:
        """The last moment that rows depend on."""
        try:
            return self.moments[-1] + (self.grace or timedelta())
        except OverflowError:
            return self.moments[-1]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns behind all others."""
        if not self:
            return ()
        return (AS_OF,) if self.grace is None else (AS_OF, LATE)

    @property
    def repeated(self) -> tuple[str, ...]:
        """Those of the columns that say the same in each row."""
        return () if self.deadlines or not self else (AS_OF,)

    def in_words(self) -> str:
        """Return the moments in words, for headings and files; empty without any."""
        if not self:
            return ""
        if self.deadlines:
            first, *_, last = [self.moments[0], *self.moments]
            span = in_iso(first) if first == last else f"{in_iso(first)} to {in_iso(last)}"
            words = f"the deadline of each person ({span})"
        else:
            words = in_iso(self.moments[0])
        return words if self.grace is None else f"{words}, {_in_words(self.grace)} of grace"


AS_THEY_ARE = AsOf()
"""Items count as they are."""


def in_iso(moment: datetime) -> str:
    """Return a moment in ISO 8601, in whole seconds, with its offset."""
    return moment.isoformat(timespec="seconds")


def item_key(item: Record) -> object:
    """Return what tells an item, at a moment, from others: its id, or the object without one."""
    number, mark = record.number_id(item), record.field(item, MARK)
    if number is None:
        return ("object", id(item))
    return number if mark is None else (number, mark)


def _in_words(grace: timedelta) -> str:
    days, rest = divmod(grace, _DAY)
    hours, minutes = divmod(int(rest.total_seconds()) // 60, 60)
    parts = {"day": days, "hour": hours, "minute": minutes}
    shown = [plural(number, noun) for noun, number in parts.items() if number]
    return " ".join(shown) or "no time"
