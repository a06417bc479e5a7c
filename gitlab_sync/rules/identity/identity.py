"""The identity of a person in git: the addresses, usernames and names on their commits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from gitlab_sync.rules import record
from gitlab_sync.rules.bounds import MOST_NAME
from gitlab_sync.rules.identity.usernames import HasUsername, bare_username, username_key
from gitlab_sync.types import Record

_ADDRESSES = ("email", "public_email", "commit_email", "override_email", "global_email")
_USERNAMES = ("username", "override_username", "global_username")

# The address that GitLab generates for people who keep theirs private (docs.gitlab.com, "Use an
# automatically-generated private commit email"). The id is limited so that `int` accepts it.
_PRIVATE = re.compile(r"([0-9]{1,18})-(.+)@users\.noreply\.[^@]+", re.DOTALL)

_BETWEEN_WORDS = re.compile(r"[\s_.\-]+")


@dataclass(frozen=True, slots=True)
class Identity(HasUsername):
    """One person, and everything that marks a commit as theirs.

    `id` is GitLab's number (None: unknown); `username` and `name` are as GitLab spells them.
    `emails` are the known addresses and `usernames` all usernames, in lower case; `names` are all
    usernames and names as `normal_name` returns them. None of the three holds an empty text.
    """

    id: int | None
    username: str
    name: str
    emails: frozenset[str]
    usernames: frozenset[str]
    names: frozenset[str]

    def is_same_person(self, other: Identity) -> bool:
        """Return whether both are one account: by id if both have one, else by username."""
        if self.id is not None and other.id is not None:
            return self.id == other.id
        return self.key == other.key


def identity_of(
    user: Record,
    extra_emails: Iterable[str] = (),
    extra_usernames: Iterable[str] = (),
    extra_names: Iterable[str] = (),
) -> Identity:
    """Return the identity of a user record of GitLab, with the other names of the person.

    The record can also hold `override_email`, `override_username`, `global_email` and
    `global_username`. The extra ones come from an aliases file. Empty texts and other types are
    ignored. Never raises.
    """
    username = bare_username(record.text(user, "username"))
    name = (record.text(user, "name") or "").strip()
    emails = [*(record.text(user, key) for key in _ADDRESSES), *extra_emails]
    usernames = [*(record.text(user, key) for key in _USERNAMES), *extra_usernames]
    number = record.field(user, "id")
    return Identity(
        id=number if isinstance(number, int) and not isinstance(number, bool) else None,
        username=username,
        name=name,
        emails=_filled(normal_address(email or "") for email in emails),
        usernames=_filled(map(username_key, usernames)),
        names=_filled(normal_name(given or "") for given in (name, *usernames, *extra_names)),
    )


def normal_address(address: str) -> str:
    """Return an e-mail address in the form for comparison: stripped, in lower case."""
    return address.strip().lower()


def normal_name(name: str) -> str:
    """Return a name in the form for comparison: in lower case, without spaces, `_`, `.` and `-`.

    A letter can be written as one character or as two (Macs use two): both become one. A name that
    is too long for a person's is cut, since sorting the accents on a letter can take very long.
    """
    name = name[:MOST_NAME]
    return unicodedata.normalize("NFC", _BETWEEN_WORDS.sub("", name).casefold())


def private_owner(address: str) -> tuple[int, str] | None:
    """Return the id and username in a private address of GitLab, or None for another address.

    `address` is in lower case, such as `7-ann@users.noreply.gitlab.example`.
    """
    found = _PRIVATE.fullmatch(address)
    return None if found is None else (int(found[1]), found[2])


def _filled(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text for text in texts if text)
