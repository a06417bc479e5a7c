"""Each package of the pinned set has a licence that goes with ours, AGPL-3.0-or-later."""

from __future__ import annotations

import importlib.metadata
import re

import pytest
from documents import ROOT
from packaging.licenses import canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

COMPATIBLE = {
    "0BSD", "AGPL-3.0-or-later", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC",
    "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
"""Licences of which the Free Software Foundation says that they go with the GPL, version 3."""

CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What a classifier means; Apache's is 2.0 for all packages that use it today."""

REVIEWED = {
    "axe-playwright-python": ("MIT AND MPL-2.0", "its own file, and axe-core's, which it contains"),
    "docutils": ("BSD-2-Clause", "its GPL part is a mode for Emacs, which the wheel does not have"),
    "partd": ("BSD-3-Clause", "the text of its file"),
    "protobuf": ("BSD-3-Clause", "its metadata say so in words"),
    "pydeck": ("Apache-2.0", "its metadata say so in words"),
}
"""Packages with metadata that are not clear: what was found by reading, and where."""


def pinned() -> list[str]:
    """Return the names of the packages that are pinned for this Python and this system."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [
        canonicalize_name(each.name)
        for each in found
        if each.marker is None or each.marker.evaluate()
    ]


def licence(name: str) -> str:
    """Return what a package says of its licence, as an expression of SPDX; "" if it is not clear.

    First its expression, then its classifiers if they agree, then its field, if that is one.
    """
    metadata = importlib.metadata.metadata(name)
    said = metadata.get("License-Expression")
    if said:
        return str(said)
    classifiers = [each.rpartition(" :: ")[2] for each in metadata.get_all("Classifier") or []
                   if each.startswith("License :: OSI Approved ::")]  # fmt: skip
    if classifiers:
        known = [CLASSIFIERS.get(each, "") for each in classifiers]
        return " AND ".join(known) if all(known) else ""
    field = (metadata.get("License") or "").strip()
    try:
        return str(canonicalize_license_expression(field))
    except ValueError:
        return ""


def is_compatible(expression: str) -> bool:
    """Return whether an expression leaves a choice that goes with ours."""
    words = re.findall(r"[\w.+-]+|[()]", expression)
    meaning = {"AND": "and", "OR": "or", "(": "(", ")": ")"}
    return bool(eval(" ".join(meaning.get(word, str(word in COMPATIBLE)) for word in words)))


@pytest.mark.parametrize("name", pinned())
def test_the_licence_of_each_package_goes_with_ours(name: str) -> None:
    """By its own metadata, or by a review that says where it looked."""
    said = licence(name)
    if name in REVIEWED:
        expression, where = REVIEWED[name]
        assert where
        assert not said or not is_compatible(said), "its metadata are clear: no review is needed"
    else:
        expression = said
    assert expression, f"what {name} says is not clear: read its licence, and add it to REVIEWED"
    assert is_compatible(expression), expression


def test_every_review_is_about_a_package_that_is_pinned() -> None:
    """Those of packages that are gone would be forgotten."""
    assert REVIEWED.keys() <= set(pinned())


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("MIT", True),
        ("GPL-2.0-only", False),
        ("MIT AND GPL-2.0-only", False),
        ("(GPL-2.0-only OR MIT) AND BSD-3-Clause", True),
        ("Proprietary", False),
    ],
)
def test_an_expression_goes_with_ours_if_one_of_its_choices_does(
    expression: str, *, verdict: bool
) -> None:
    """A part that does not spoils an AND, and not an OR."""
    assert is_compatible(expression) == verdict
