"""Other names and addresses of people in git, from an aliases file or a `.mailmap`."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from gitlab_sync.rules import record
from gitlab_sync.rules.delimited import lines_of
from gitlab_sync.rules.identity.aliases import Alias, parse_aliases
from gitlab_sync.rules.identity.identity import Identity, identity_of
from gitlab_sync.rules.identity.mailmap import Mailmap, parse_mailmap
from gitlab_sync.rules.identity.usernames import bare_username, is_username, username_key
from gitlab_sync.types import Record

_ADDRESS = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class KnownBy:
    """By what people are known in git, beyond GitLab.

    `aliases` are other addresses and names, by username in lower case. `mailmap` applies to the
    commits of all projects; its `faults` name the lines that were skipped. With `co_authors`, a
    commit also counts for the people in its trailers `Co-authored-by`.
    """

    aliases: Mapping[str, Alias] = field(default_factory=dict)
    mailmap: Mailmap = field(default_factory=Mailmap)
    co_authors: bool = False

    @property
    def key(self) -> Hashable:
        """What tells this from others."""
        by_address, by_both = self.mailmap.by_address.items(), self.mailmap.by_both.items()
        aliases = frozenset(self.aliases.items())
        return aliases, frozenset(by_address), frozenset(by_both), self.co_authors

    def identity(self, user: Record) -> Identity:
        """Return the identity of a user with their aliases. Never raises."""
        alias = self.aliases.get(username_key(record.text(user, "username")))
        if alias is None:
            return identity_of(user)
        return identity_of(user, extra_emails=alias.emails, extra_names=alias.names)


NOBODY_ELSE = KnownBy()
"""Nothing is known beyond GitLab."""


def parse_known_by(text: str, source: str = "aliases") -> KnownBy:
    """Return the content of a file: lines of `username, address or name, …`, or a `.mailmap`.

    It is a `.mailmap` if each line has an address in angle brackets and none begins like an alias.
    Raises ConfigurationError as `parse_aliases` does; lines of a `.mailmap` with faults are
    skipped.
    """
    if is_mailmap(text):
        return KnownBy(mailmap=parse_mailmap(text, source))
    return KnownBy(parse_aliases(text, source))


def is_mailmap(text: str) -> bool:
    """Return whether a file is a `.mailmap` with lines, as `parse_known_by` reads it."""
    lines = [line for line in lines_of(text) if line.strip() and not line.lstrip().startswith("#")]
    return bool(lines) and all(_ADDRESS.search(line) and not _is_alias(line) for line in lines)


def all_known(files: Iterable[KnownBy]) -> KnownBy:
    """Return several files as one; a person in two of them has the aliases of both."""
    aliases: dict[str, Alias] = {}
    mailmap, co_authors = Mailmap(), False
    for each in files:
        co_authors = co_authors or each.co_authors
        for key, alias in each.aliases.items():
            before = aliases.get(key, Alias(alias.username))
            aliases[key] = Alias(
                before.username, before.emails + alias.emails, before.names + alias.names
            )
        mailmap = mailmap.joined(each.mailmap)
    return KnownBy(aliases, mailmap, co_authors)


def _is_alias(line: str) -> bool:
    """Return whether a comma ends a username before an address begins."""
    first, comma, _ = line.partition("<")[0].partition(",")
    return bool(comma) and is_username(bare_username(first))
