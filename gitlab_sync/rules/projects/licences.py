"""Which licences a file names, as SPDX identifiers, and whether a policy allows them.

No text of a licence is compared: GitLab does that, and its finding is read with the project.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_MOST_CHARACTERS = 200

_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]+)")

# Such a name does not say whether later versions of the licence count, too.
_FAMILY = re.compile(r"^(A?GPL|LGPL|GFDL)-(\d+\.\d+)$")

_VERSION = re.compile(r"^(A?GPL|LGPL|GFDL)-(\d+)(?:\.0|(\.\d+))$")


def named_licences(path: str, text: str) -> tuple[str, ...]:
    """Return the licences that a file names, each once; never raises.

    They are those of its `SPDX-License-Identifier:` lines, else the one that a file in `LICENSES/`
    is called by.
    """
    names = [match[1].strip(" -") for match in _TAG.finditer(text)]
    if not names and path.lower().startswith("licenses/"):
        names = [PurePosixPath(path).stem]
    return tuple(dict.fromkeys(filter(None, map(spdx, names))))


def spdx(name: str) -> str | None:
    """Return an SPDX identifier or expression in its usual spelling; None for what is none."""
    if len(name) > _MOST_CHARACTERS:
        return None
    try:
        return canonicalize_license_expression(name)
    except InvalidLicenseExpression:
        return None


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
