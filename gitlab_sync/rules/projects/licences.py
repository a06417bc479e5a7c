"""Reads the SPDX identifiers of licences in files, and compares them with a policy.

It does not compare the texts of licences: GitLab does, and its finding is in the project's record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import PurePosixPath

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from gitlab_sync.rules.bounds import MOST_LICENCES, BeyondBounds

_MOST_CHARACTERS = 200

_COMMON = """
0BSD AFL-3.0 AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 Artistic-2.0 BlueOak-1.0.0
BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSL-1.0 CC-BY-4.0 CC-BY-SA-4.0 CC0-1.0 CECILL-2.1
ECL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0
GPL-3.0-only GPL-3.0-or-later ISC LGPL-2.1 LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-only
LGPL-3.0-or-later LPPL-1.3c MIT MIT-0 MPL-1.1 MPL-2.0 MS-PL MS-RL MulanPSL-2.0 NCSA OFL-1.1 OSL-3.0
PostgreSQL UPL-1.0 Unlicense Vim WTFPL Zlib
"""
"""The identifiers that people mean most often."""

_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]+)")

# Such a name does not say whether later versions of the licence count.
_FAMILY = re.compile(r"^(A?GPL|LGPL|GFDL)-(\d+\.\d+)$")

_VERSION = re.compile(r"^(A?GPL|LGPL|GFDL)-(\d+)(?:\.0|(\.\d+))$")


def named_licences(path: str, text: str) -> tuple[str, ...]:
    """Return the licences that a file names, each once.

    They come from its `SPDX-License-Identifier:` lines, else from the name of a file in
    `LICENSES/`. Raises BeyondBounds for more than any real file has.
    """
    names = dict.fromkeys(match[1].strip(" -") for match in _TAG.finditer(text))
    if len(names) > MOST_LICENCES:
        raise BeyondBounds(f"{path}: more than {MOST_LICENCES} licences")
    if not names and path.lower().startswith("licenses/"):
        names = {PurePosixPath(path).stem: None}
    return tuple(dict.fromkeys(filter(None, map(spdx, names))))


def spdx(name: str) -> str | None:
    """Return an SPDX identifier or expression in its usual spelling, or None for other text."""
    if len(name) > _MOST_CHARACTERS:
        return None
    try:
        return canonicalize_license_expression(name)
    except InvalidLicenseExpression:
        return None


def near_identifiers(name: str) -> list[str]:
    """Return the SPDX identifiers that are nearest to a name, at most three."""
    known = {one.lower(): one for one in _COMMON.split()}
    near = get_close_matches(name.lower()[:_MOST_CHARACTERS], known, 3, 0.5)
    return [known[each] for each in near]


def allowed(expression: str, policy: Collection[str]) -> bool | None:
    """Return whether a policy allows a licence, or an expression such as `MIT OR Apache-2.0`.

    None if it is open: a GNU licence without `-only` or `-or-later` if the policy allows only one
    of them, or an expression with parentheses. Case is ignored.
    """
    if "(" in expression:
        return None
    names = {name.lower() for name in policy}
    answers = []
    for option in re.split(" OR ", " ".join(expression.split()), flags=re.IGNORECASE):
        parts = re.split(" AND ", option, flags=re.IGNORECASE)
        answers.append(_worst([_one_allowed(part.strip(), names) for part in parts]))
    return True if True in answers else None if None in answers else False


def with_forms(licences: Iterable[str]) -> frozenset[str]:
    """Return the licences with each bare GNU name, such as `AGPL-3.0`, replaced by both forms.

    A bare name means the licence in either form: `-only` or `-or-later`.
    """
    found = set()
    for name in licences:
        is_bare = _FAMILY.match(name.upper()) is not None
        found |= {f"{name}-only", f"{name}-or-later"} if is_bare else {name}
    return frozenset(found)


def policy_title(policy: Collection[str]) -> str:
    """Return a short name for the licences of a policy: `AGPLv3`, `MIT`, `Apache-2.0 / MIT`.

    Both forms of a GNU licence (`-only`, `-or-later`) have one name.
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
