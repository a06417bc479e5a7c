"""Adds waivers to `gitlab-sync.toml`, and keeps everything else of the file as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.policies.file import faults_of, read_file
from gitlab_sync.policies.model import ITEM_CHECKS, WaiverTable
from gitlab_sync.reports.atomic import AtomicFile
from gitlab_sync.rules.contest import is_check_of
from gitlab_sync.rules.projects.parsing import parse_toml
from gitlab_sync.rules.waiver import Waiver

_KEYS = ("check", "item", "project", "person", "group", "reason", "by", "until")
_LONE_FEED = re.compile(r"(?<!\r)\n")


def valid_waiver(said: Mapping[str, object]) -> Waiver:
    """Return the waiver with these values; ConfigurationError names all faults of them.

    A check that is not one of what the waiver is limited to is a fault, too.
    """
    try:
        table = WaiverTable.model_validate(said)
    except ValidationError as error:
        raise ConfigurationError("\n".join(faults_of(error))) from None
    waiver = Waiver(**table.model_dump())
    if waiver.item is not None and not is_check_of(waiver.check, waiver.item):
        raise ConfigurationError(f"check: there is no {waiver.check} of {waiver.item}")
    if waiver.person is not None and waiver.check not in ITEM_CHECKS:
        raise ConfigurationError(
            f"check: {waiver.check} is about projects", hint="Name a project or a group."
        )
    return waiver


def waiver_toml(waiver: Waiver) -> str:
    """Return a waiver as it is written in the file: a table `[[waivers]]`."""
    return with_waiver("", waiver)


def with_waiver(text: str, waiver: Waiver) -> str:
    """Return the text of a file with one waiver more, behind the others.

    Comments, the order and all other values stay. Raises ConfigurationError for a file in which
    that is not possible.
    """
    text = text if not text or text.endswith("\n") else f"{text}\n"
    try:
        changed = _appended(text, waiver)
        after, expected = parse_toml(changed), parse_toml(text)
        expected.setdefault("waivers", []).append(_values(waiver))
        if after == expected:
            return changed
    except (TOMLKitError, ValueError):
        pass
    raise ConfigurationError(
        "A waiver cannot be added to this file without changing something else",
        hint="Add the table [[waivers]] to the file by hand.",
    )


def add_waiver(path: Path, waiver: Waiver, now: datetime) -> None:
    """Add a waiver to the file at `path`, or make the file with it.

    The file is replaced as a whole, or not at all. Raises ConfigurationError for a file with
    faults, for an end before today (the day of `now`, an aware time, in the file's time zone), and
    if the file cannot be written.
    """
    text, zone = "", "UTC"
    if path.exists():
        zone = str(read_file(path).get("timezone", zone))
        text = path.read_bytes().decode()
    today = now.astimezone(ZoneInfo(zone)).date()
    if waiver.until < today:
        raise ConfigurationError(
            f"The end must not be in the past, got {waiver.until}: today is {today}"
        )
    data = with_waiver(text, waiver).encode()
    try:
        with AtomicFile(path) as file:
            file.write(data)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None


def _appended(text: str, waiver: Waiver) -> str:
    document = tomlkit.parse(text)
    present = document.get("waivers")
    if isinstance(present, Array):
        row = tomlkit.inline_table()
        row.update(_values(waiver))
        present.append(row)
        changed = tomlkit.dumps(document)
    else:
        block = tomlkit.dumps({"waivers": [_values(waiver)]})
        changed = f"{text}\n{block}" if text else block
    return _LONE_FEED.sub("\r\n", changed) if "\r\n" in text else changed


def _values(waiver: Waiver) -> dict[str, str | date]:
    said = asdict(waiver)
    return {key: said[key] for key in _KEYS if said[key] is not None}
