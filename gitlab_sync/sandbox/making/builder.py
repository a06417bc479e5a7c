"""A world while it is being made: its tables, its random numbers, and the ids given out."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from itertools import count
from random import Random

from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.tables import Tables
from gitlab_sync.sandbox.truth import Truth

NO_TIME_STATS: Record = {
    "time_estimate": 0,
    "total_time_spent": 0,
    "human_time_estimate": None,
    "human_total_time_spent": None,
}


class Builder:
    """Collects the records of one world. For one thread.

    `today` is the last moment of the world (a naive time in UTC); nothing in it is later. Items end
    within `span` days before it.
    """

    def __init__(self, seed: int, today: datetime, url: str, span: float = 380.0) -> None:
        self.random = Random(seed)  # noqa: S311 - worlds must be the same for the same seed
        self.today = today
        self.url = url
        self.span = span
        self.tables = Tables()
        self.truth = Truth()
        self.people: list[Person] = []
        self.bots: list[Person] = []
        self.others: list[Person] = []
        self._ids = count(1000)
        self._later_ids = count(100_000_000)
        self.open_merge_requests = count()
        self._iids: dict[tuple[str, int], int] = {}

    def next_id(self) -> int:
        """Return a number that no other record of this world has; they grow."""
        return next(self._ids)

    def later_id(self) -> int:
        """Return a number above those of `next_id`, which stay as they are without it."""
        return next(self._later_ids)

    def next_iid(self, kind: str, project_id: int) -> int:
        """Return the next number of a merge request or an issue within its project."""
        iid = self._iids[kind, project_id] = self._iids.get((kind, project_id), 0) + 1
        return iid

    def last_iid(self, kind: str, project_id: int) -> int:
        """Return the last number given out within a project; 0 if there was none."""
        return self._iids.get((kind, project_id), 0)

    def sha(self) -> str:
        """Return a commit's id."""
        return f"{self.random.getrandbits(160):040x}"

    def chance(self, probability: float) -> bool:
        """Draw with that probability."""
        return self.random.random() < probability

    def ago(self, most_days: float, least_days: float = 0.0) -> datetime:
        """Return a moment between so many days before `today`, on the second."""
        seconds = self.random.uniform(least_days, most_days) * 86_400
        return (self.today - timedelta(seconds=seconds)).replace(microsecond=0)


def working_hour(moment: datetime, offset: str) -> datetime:
    """Return `moment` moved into its day's working hours (8 to 18 by that clock), in order."""
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    seconds = (moment - start).total_seconds() * 10 / 24
    return start + timedelta(hours=8, seconds=int(seconds)) - _shift(offset)


def utc(moment: datetime) -> str:
    """Return a naive time in UTC as GitLab writes it."""
    return moment.isoformat(timespec="milliseconds") + "Z"


def local(moment: datetime, offset: str) -> str:
    """Return a naive time in UTC as the clock with that `offset` ("+02:00") shows it."""
    return (moment + _shift(offset)).isoformat(timespec="milliseconds") + offset


@cache
def _shift(offset: str) -> timedelta:
    """Return how far a clock with that offset is ahead of UTC."""
    hours, minutes = offset[1:].split(":")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return -ahead if offset[0] == "-" else ahead


def time_stats(seconds: int) -> Record:
    """Return the time stats of an item on which so many seconds were spent."""
    if not seconds:
        return NO_TIME_STATS
    hours, rest = divmod(seconds, 3600)
    human = " ".join(f"{n}{unit}" for n, unit in ((hours, "h"), (rest // 60, "m")) if n)
    return {
        "time_estimate": 0,
        "total_time_spent": seconds,
        "human_time_estimate": None,
        "human_total_time_spent": human,
    }
