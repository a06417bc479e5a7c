"""Reads the aliases file: the other addresses and names under which people commit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.bounds import BeyondBounds, first_faults, shown
from gitlab_sync.rules.delimited import list_lines
from gitlab_sync.rules.identity.identity import normal_address
from gitlab_sync.rules.identity.usernames import bare_username, is_username, username_key

COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
"""Only at the start or after white space: the `C#` in a name does not begin a comment."""

ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")
"""What a field with an `@` has to be."""


@dataclass(frozen=True, slots=True)
class Alias:
    """Other addresses and names of a person, as the file spells them."""

    username: str
    emails: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def parse_aliases(text: str, source: str = "aliases") -> dict[str, Alias]:
    """Return the aliases by username in lower case.

    A line is `username, address or name, …`; a field with an `@` is an address. `#` begins a
    comment. Several lines for one username add up. Raises ConfigurationError with every fault, each
    with `source` and its line: no username, nothing after it, an invalid address, or the address of
    another person.
    """
    try:
        lines = list_lines(text)
    except BeyondBounds as beyond:
        raise ConfigurationError(f"{source}: {beyond}") from None
    found: dict[str, tuple[str, list[str]]] = {}
    owners: dict[str, tuple[str, int]] = {}
    faults: list[str] = []
    for number, line in enumerate(lines, start=1):
        typed, *fields = (field.strip() for field in COMMENT.sub("", line).split(","))
        username = bare_username(typed)
        fields = [field for field in fields if field]
        if not username and not fields:
            continue
        fault = _fault_of_line(username, fields)
        if fault is not None:
            faults.append(f"{source}, line {number}: {fault}")
            continue
        key = username_key(username)
        for address in fields:
            owner, first = owners.get(normal_address(address), (key, number))
            if owner != key:  # a shared address could not distinguish commits
                faults.append(
                    f"{source}, line {number}: “{shown(address)}” is an address of {owner} "
                    f"(line {first})"
                )
        owners |= {normal_address(field): (key, number) for field in fields if "@" in field}
        found.setdefault(key, (username, []))[1].extend(fields)
    if faults:
        raise ConfigurationError("\n".join(first_faults(faults)))
    return {
        key: Alias(
            username,
            tuple(field for field in fields if "@" in field),
            tuple(field for field in fields if "@" not in field),
        )
        for key, (username, fields) in found.items()
    }


def _fault_of_line(username: str, fields: list[str]) -> str | None:
    if not is_username(username):
        return f"“{shown(username)}” is not a valid username" if username else "no username"
    if not fields:
        return f"neither an address nor a name after “{username}”"
    strange = [field for field in fields if "@" in field and not ADDRESS.fullmatch(field)]
    return f"“{shown(strange[0])}” is not an address" if strange else None
