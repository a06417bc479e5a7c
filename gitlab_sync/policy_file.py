"""Finds and reads `gitlab-sync.toml`: what a team agrees on.

Nothing is half applied: a file with a fault is an error that names all of its faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.bounds import BeyondBounds, within
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.items.terms import Paths, Terms
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy, fair
from gitlab_sync.rules.projects.parsing import parse_toml
from gitlab_sync.rules.working_time import WorkingTime

if TYPE_CHECKING:
    from holidays import HolidayBase
    from pydantic import ValidationError

    from gitlab_sync.policy_model import PathsTable, PolicyTable

NAME = "gitlab-sync.toml"
BUILT_IN: Mapping[str, Policy] = {policy.name: policy for policy in (FAIR, CLASSIC)}

_MOST_FILES = 8
_LONGEST_SHOWN = 60


def load(name: str | None = None, folder: Path | None = None) -> Policy:
    """Return the policy `fair`, `classic`, or that of a file.

    Without a name it is that of the nearest `gitlab-sync.toml`, from `folder` (default: the working
    directory) upward, or else `fair`. Raises ConfigurationError, which names each fault with its
    place.
    """
    if name is None:
        found = find(folder or Path.cwd())
        return FAIR if found is None else _read(found)
    if name in BUILT_IN:
        return BUILT_IN[name]
    if Path(name).is_file():
        return _read(Path(name))
    near = get_close_matches(name, BUILT_IN, 1)
    raise ConfigurationError(
        f"The policy must be fair, classic or a file, got “{name}”",
        hint=f"Did you mean {near[0]}?" if near else "There is no such file.",
    )


def find(folder: Path) -> Path | None:
    """Return the nearest `gitlab-sync.toml`, from `folder` upward, or None."""
    folder = folder.resolve()
    paths = (each / NAME for each in (folder, *folder.parents))
    return next((path for path in paths if path.is_file()), None)


def _read(path: Path) -> Policy:
    from gitlab_sync.policy_model import PolicyTable  # noqa: PLC0415 - 0.1 s, only with a file

    return fair(_terms(PolicyTable.model_validate(_merged(path.resolve())), path), path.name)


def _merged(path: Path, before: Sequence[Path] = ()) -> dict[str, Any]:
    """Return what a file says, over what the file says that it extends."""
    if path in before or len(before) >= _MOST_FILES:
        chain = " → ".join(each.name for each in (*before, path))
        raise ConfigurationError(f"Policies must not extend each other in a circle: {chain}")
    own = _validated(path)
    base = own.pop("extends", FAIR.name)
    if base == FAIR.name:
        return own
    merged: dict[str, Any] = _over(_merged((path.parent / base).resolve(), (*before, path)), own)
    return merged


def _over(base: Any, own: Any) -> Any:
    """Merge tables; anything else replaces what was there."""
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    return base | {key: _over(base.get(key), value) for key, value in own.items()}


def _validated(path: Path) -> dict[str, Any]:
    """Return the keys that are in a file; ConfigurationError with all of its faults."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from gitlab_sync.policy_model import PolicyTable  # noqa: PLC0415 - as above

    try:
        table = PolicyTable.model_validate(parse_toml(within(path.read_text("utf-8"))))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        faults = "".join(f"\n  {fault}" for fault in _faults(error))
        raise ConfigurationError(f"{path.name} is not valid:{faults}") from None
    except (ValueError, BeyondBounds) as error:
        raise ConfigurationError(f"{path.name} is not valid: {error}") from None
    found: dict[str, Any] = table.model_dump(exclude_unset=True)
    return found


def _faults(error: ValidationError) -> Iterator[str]:
    from gitlab_sync.policy_model import known_keys, nearest  # noqa: PLC0415 - as above

    for each in error.errors(include_url=False):
        *table, key = each["loc"]
        place = ".".join(map(str, (*table, key)))
        if each["type"] == "extra_forbidden":
            yield f"{place}: unknown key. {nearest(str(key), known_keys(table))}".rstrip()
        else:
            reason = each["msg"].removeprefix("Value error, ").replace("Input should", "must")
            yield f"{place}: {reason}, got {_shown(each['input'])}"


def _shown(value: object) -> str:
    text = f"“{value}”" if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


@dataclass(frozen=True, slots=True)
class _DaysOff:
    """Single days, and the days of calendars."""

    days: frozenset[date]
    calendars: Sequence[HolidayBase]

    def __contains__(self, day: object) -> bool:
        return day in self.days or any(day in each for each in self.calendars)


def _terms(table: PolicyTable, path: Path) -> Terms:
    from gitlab_sync.policy_model import calendar  # noqa: PLC0415 - as above

    days = frozenset(day for day in table.holidays if isinstance(day, date))
    calendars = [calendar(day) for day in table.holidays if isinstance(day, str)]
    names = table.bots.names
    return Terms(
        WorkingTime(ZoneInfo(table.timezone), _DaysOff(days, calendars)),
        time_tracking=table.time_tracking,
        milestones=table.milestones,
        exempt_labels={
            check: frozenset(each.exempt_labels)
            for check, each in table.checks.items()
            if each.exempt_labels
        },
        paths=_paths(table.paths, path),
        bots=DEFAULT_BOTS if names is None else frozenset(names),
    )


def _paths(table: PathsTable, path: Path) -> Paths:
    usual = Paths()
    return Paths(
        _matcher(table.source, f"{path.name}: paths.source") or usual.is_source,
        _matcher(table.test, f"{path.name}: paths.test") or usual.is_test,
    )


def _matcher(patterns: Sequence[str], place: str) -> Callable[[str], bool] | None:
    if not patterns:
        return None

    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - needed only where a policy has patterns

    try:
        return lru_cache(maxsize=10_000)(GitIgnoreSpec.from_lines(patterns).match_file)
    except ValueError as error:
        raise ConfigurationError(f"{place}: {error}") from None
