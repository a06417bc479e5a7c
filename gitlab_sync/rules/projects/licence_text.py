"""Which licence a text is, as an SPDX identifier, and whether a policy allows it.

The text decides, compared with the texts of the SPDX list (the `licenseclassifier` package: pure
Python, offline, a port of Google's licensecheck). A word in it, such as a name, never does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from threading import Lock

from licenseclassifier import identify_license

# The longest licence of the SPDX list has some 60,000 characters.
_MAX_CHARACTERS = 200_000

_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]+)")

# In these families the text is the same, and only a notice says "only" or "or later".
_FAMILY = re.compile(r"^(A?GPL|LGPL|GFDL)-(\d+\.\d+)$")

_VERSION = re.compile(r"^(A?GPL|LGPL|GFDL)-(\d+)(?:\.0|(\.\d+))$")

# The matcher builds its automaton as it goes; one at a time keeps that in good order.
_ONE_AT_A_TIME = Lock()


def identify(text: str) -> tuple[str, ...]:
    """Return the SPDX identifiers of the licences that make up most of `text`, in order.

    A GNU licence's text alone does not say whether later versions may be used: it is given without
    a suffix (`AGPL-3.0`), unless a notice before it does. An `SPDX-License-Identifier:` line counts
    where there is no text of a licence. Empty if nothing is recognised. Safe to call from many
    threads; never raises.
    """
    with _ONE_AT_A_TIME:
        found = identify_license(text[:_MAX_CHARACTERS])
    ids = list(dict.fromkeys(match.id for match in found))
    if not ids:
        tag = _TAG.search(text)
        return (tag[1].strip(),) if tag else ()
    for name in [one for one in ids if _FAMILY.match(one)]:
        # The appendix of the text shows such a notice as an example: it grants nothing.
        notices = [f"{name}-only", f"{name}-or-later"]
        granted = next((one for one in ids[: ids.index(name)] if one in notices), None)
        ids = [one for one in ids if one not in notices and (one != name or granted is None)]
        ids += [granted] if granted else []
    return tuple(ids)


def allowed(expression: str, policy: Collection[str]) -> bool | None:
    """Say whether a licence, or an expression such as `MIT OR Apache-2.0`, is in the policy.

    None where it depends on what is not said: a GNU licence without `-only` or `-or-later`, of
    which the policy allows just one, or an expression with parentheses. Letters are compared
    without case.
    """
    if "(" in expression:
        return None
    names = {name.lower() for name in policy}
    answers = []
    for option in re.split(r"\s+OR\s+", expression, flags=re.IGNORECASE):
        parts = re.split(r"\s+AND\s+", option, flags=re.IGNORECASE)
        answers.append(_worst([_one_allowed(part.strip(), names) for part in parts]))
    return True if True in answers else None if None in answers else False


def with_forms(licences: Iterable[str]) -> frozenset[str]:
    """Return licences with each bare GNU name, such as `AGPL-3.0`, as both forms that it has.

    People who write the bare name mean the licence in whichever form: `-only` or `-or-later`.
    """
    found = set()
    for name in licences:
        is_bare = _FAMILY.match(name.upper()) is not None
        found |= {f"{name}-only", f"{name}-or-later"} if is_bare else {name}
    return frozenset(found)


def policy_title(policy: Collection[str]) -> str:
    """Return a short name for the licences of a policy: `AGPLv3`, `MIT`, `Apache-2.0 / MIT`.

    The forms of one GNU licence (`-only`, `-or-later`) are one name.
    """
    bare = {re.sub(r"-(only|or-later)$", "", name) for name in policy}
    return " / ".join(sorted(_VERSION.sub(_short, name) for name in bare)) or "License"


def _short(match: re.Match[str]) -> str:
    return f"{match[1]}v{match[2]}{match[3] or ''}"


def _one_allowed(name: str, policy: Collection[str]) -> bool | None:
    name = re.sub(r"^(.*\d)\+$", r"\1-or-later", name.lower())
    if name in policy:
        return True
    forms = [f"{name}-only" in policy, f"{name}-or-later" in policy]
    if _FAMILY.match(name.upper()) and any(forms):
        return True if all(forms) else None
    return False


def _worst(answers: list[bool | None]) -> bool | None:
    return False if False in answers else None if None in answers else True
