"""What a visitor may see of a snapshot, by the roles, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gitlab_sync.pages.state.roles import Grant, Role, Roles, keys_of
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.snapshots.directory import Directory
from gitlab_sync.snapshots.seen import Seen

VARIABLE = "GITLAB_SYNC_ADMINS"
"""The environment variable with the usernames of those who see all of a snapshot."""

SETTING = "admins"
"""The key of the secrets with the same."""


@dataclass(frozen=True, slots=True)
class Part:
    """People with work that a visitor sees, in words, and how many of them are in the snapshot."""

    words: str
    number: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a visitor has a role: the entry of the roles, and of which people it shows the work."""

    role: Role
    place: str
    how: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """What a visitor sees: the pages of a role, of the people with the keys `seen` (None: all).

    Immutable. `reasons` say which entries of the roles grant it.
    """

    role: Role
    seen: Seen
    reasons: tuple[Reason, ...] = ()


def admins_of(secrets: Mapping[str, object], environ: Mapping[str, str]) -> frozenset[str]:
    """Return the keys of the people that the settings name as admins of snapshots.

    Raises ConfigurationError if one of them is no username.
    """
    if SETTING in secrets:
        return keys_of(secrets[SETTING], f"{SETTING} in the secrets")
    named = environ.get(VARIABLE, "").split(",")
    return keys_of([name for name in named if name.strip()], VARIABLE)


def access_to(
    directory: Directory, roles: Roles, admins: frozenset[str], username: str, number: int | None
) -> Access | None:
    """Return what the person with a username and GitLab's id sees of a run; None: nothing.

    Who is in no role and not in the run sees nothing of it, and without a list of roles only the
    `admins` see it.
    """
    key, everyone = username_key(username), Part("everyone", len(directory.ids))
    if key in admins:
        return Access("admin", None, (Reason("admin", VARIABLE, _NAMED, (everyone,)),))
    is_in_run = roles.given and directory.has(key, number)
    theirs = [
        (grant, how)
        for grant in roles.grants
        if (how := _how(grant, directory, key, number)) is not None
    ]
    if not (theirs or is_in_run):
        return None
    for grant, how in theirs:
        if grant.role == "admin":
            return Access("admin", None, (Reason("admin", grant.place, how, (everyone,)),))
    seen = {key} if is_in_run else set[str]()
    reasons = []
    for grant, how in theirs:
        parts = []
        for words, people in _people_of(grant, directory, roles):
            known = people & directory.ids.keys()
            parts.append(Part(words, len(known)))
            seen |= known
        reasons.append(Reason(grant.role, grant.place, how, tuple(parts)))
    role: Role = "mentor" if any(each.parts for each in reasons) else "member"
    return Access(role, frozenset(seen), tuple(reasons))


_NAMED = "names you"


def _how(grant: Grant, directory: Directory, key: str, number: int | None) -> str | None:
    """Return how a grant is about a person; None if it is not."""
    if key in grant.people:
        return _NAMED
    groups = (group for group in grant.groups if directory.is_member(group, key, number))
    return next((f"names the group {group}, of which you are a member" for group in groups), None)


def _people_of(
    grant: Grant, directory: Directory, roles: Roles
) -> Iterator[tuple[str, AbstractSet[str]]]:
    """Yield in words of which people a grant shows the work, and who they are."""
    for group in grant.of_groups:
        yield f"group {group}", directory.groups.get(group, {}).keys()
    for team in grant.of_teams:
        yield f"team {team}", roles.teams[team]
    for college in grant.of_colleges:
        yield f"college {college}", directory.at_college(college)
