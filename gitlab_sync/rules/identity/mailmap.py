"""Reads a project's `.mailmap`: the proper names and addresses of commits (gitmailmap(5))."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitlab_sync.rules.bounds import BeyondBounds, first_faults
from gitlab_sync.rules.delimited import list_lines
from gitlab_sync.rules.identity.identity import normal_address

# One or two times a name (optional) and an address in angle brackets.
_LINE = re.compile(
    r"(?P<proper>[^<>]*)<(?P<first>[^<>]*)>"
    r"(?:(?P<name>[^<>#]*)<(?P<second>[^<>]*)>)?"
    r"\s*(?:#.*)?",
)


@dataclass(frozen=True, slots=True)
class _Proper:
    """The proper name and address; None keeps the one of the commit."""

    name: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Mailmap:
    """What `parse_mailmap` read.

    `faults` names each line that was skipped, as git skips it: one bad line in a project's file
    must not prevent its commits from being read.
    """

    by_address: Mapping[str, _Proper] = field(default_factory=dict)
    by_both: Mapping[tuple[str, str], _Proper] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def proper(self, name: str, address: str) -> tuple[str, str]:
        """Return the proper name and address for those of a commit, ignoring case.

        A line with the commit's name and address has priority over one with its address alone.
        """
        key = normal_address(address)
        found = self.by_both.get((name.strip().lower(), key)) or self.by_address.get(key)
        if found is None:
            return name, address
        return (
            name if found.name is None else found.name,
            address if found.address is None else found.address,
        )

    def joined(self, other: Mailmap) -> Mailmap:
        """Return both as one; where they differ, `other` has priority."""
        return Mailmap(
            {**self.by_address, **other.by_address},
            {**self.by_both, **other.by_both},
            self.faults + other.faults,
        )


def parse_mailmap(text: str, source: str = ".mailmap") -> Mailmap:
    """Return the mapping of a `.mailmap`, in all four forms; never raises.

    `Proper Name <commit@address>`, `<proper@address> <commit@address>`, both together, and both
    with the commit's name before its address. A later line adds to an earlier one for its address.
    """
    try:
        lines = list_lines(text)
    except BeyondBounds as beyond:
        return Mailmap(faults=(f"{source}: {beyond}",))
    by_address: dict[str, _Proper] = {}
    by_both: dict[tuple[str, str], _Proper] = {}
    faults: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        read = _read_line(line)
        if isinstance(read, str):
            faults.append(f"{source}, line {number}: {read}")
            continue
        proper, name, address = read
        if name:
            by_both[name, address] = proper
            continue
        before = by_address.get(address, _Proper())
        by_address[address] = _Proper(proper.name or before.name, proper.address or before.address)
    return Mailmap(by_address, by_both, tuple(first_faults(faults)))


def _read_line(line: str) -> tuple[_Proper, str, str] | str:
    """Return the replacement, the name (can be empty) and address it is for; a text is a fault."""
    found = _LINE.fullmatch(line)
    if found is None:
        return "no address in “<…>”, or too many"
    proper, first = found["proper"].strip() or None, found["first"].strip()
    if not first:
        return "the first address is empty"
    if found["second"] is not None:
        name = found["name"].strip().lower()
        return _Proper(proper, first), name, normal_address(found["second"])
    if proper is None:
        return "one address alone says nothing"
    return _Proper(proper), "", normal_address(first)
