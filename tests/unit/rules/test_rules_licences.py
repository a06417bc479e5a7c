"""Which licences a file names, and whether a policy allows them."""

from __future__ import annotations

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.projects.licences import (
    allowed,
    licences_in_text,
    named_licences,
    policy_names,
    policy_title,
    spdx,
    with_forms,
)

OURS = {"AGPL-3.0-only", "AGPL-3.0-or-later"}


@pytest.mark.parametrize(
    ("path", "text", "ids"),
    [
        ("LICENSE", "SPDX-License-Identifier: MIT OR Apache-2.0\n", ("MIT OR Apache-2.0",)),
        ("LICENSE", "// SPDX-License-Identifier: agpl-3.0-only */", ("AGPL-3.0-only",)),
        ("LICENSE", "<!-- SPDX-License-Identifier: MIT -->\n" * 2, ("MIT",)),
        (
            "LICENSE",
            "SPDX-License-Identifier: MIT\nx\nSPDX-License-Identifier: ISC",
            ("MIT", "ISC"),
        ),
        ("LICENSE", "SPDX-License-Identifier: mine alone", ()),
        ("LICENSE", "SPDX-License-Identifier:", ()),
        ("LICENSES/AGPL-3.0-or-later.txt", "any text", ("AGPL-3.0-or-later",)),
        ("LICENSES/MIT.txt", "SPDX-License-Identifier: ISC", ("MIT",)),
        ("LICENSES/Classpath-exception-2.0.txt", "", ()),
        ("LICENSES/LicenseRef-Ours.txt", "", ("LicenseRef-Ours",)),
        ("LICENSES/read-me.txt", "", ()),
        ("LICENSE", "GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3, 19 November 2007\n", ()),
        ("LICENSE", "", ()),
    ],
)
def test_a_file_names_licences_by_their_identifiers(
    path: str, text: str, ids: tuple[str, ...]
) -> None:
    """In lines for that, or as its own name in `LICENSES/`; its text is for GitLab to recognise."""
    assert named_licences(path, text) == ids


@pytest.mark.parametrize(
    ("expression", "both", "later_only"),
    [
        ("AGPL-3.0-only", True, False),
        ("AGPL-3.0-or-later", True, True),
        ("agpl-3.0-OR-LATER", True, True),
        ("AGPL-3.0+", True, True),
        ("AGPL-3.0", True, None),
        ("agpl-3.0", True, None),
        ("GPL-3.0", False, False),
        ("MIT", False, False),
        ("MIT OR AGPL-3.0-or-later", True, True),
        ("MIT or AGPL-3.0", True, None),
        ("MIT AND AGPL-3.0-or-later", False, False),
        ("MIT AND AGPL-3.0", False, False),
        ("(MIT)", False, False),
        ("(MIT OR AGPL-3.0-or-later) AND AGPL-3.0-or-later", True, True),
        ("MIT OR (ISC AND AGPL-3.0-or-later)", False, False),
        ("AGPL-3.0-or-later WITH GCC-exception-3.1", True, True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False, False),
        ("MIT)", None, None),
        ("", False, False),
    ],
)
def test_a_policy_names_what_is_allowed(
    expression: str, both: bool | None, later_only: bool | None
) -> None:
    """What the text leaves open is only open where the answer hangs on it."""
    assert allowed(expression, OURS) is both
    assert allowed(expression, {"AGPL-3.0-or-later"}) is later_only


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("project('x', 'c', license: 'LGPL-2.1-or-later')", "LGPL-2.1-or-later"),
        ("setup(license='GPLv3+', name='x')", "GPL-3.0-or-later"),
        ('licenses: ["Apache-2.0"],', "Apache-2.0"),
        ('spec.license = "MIT"', "MIT"),
        ("<licenses><license>\n<name>The Apache License, Version 2.0</name>", "Apache-2.0"),
        ("<PackageLicenseExpression>MPL-2.0</PackageLicenseExpression>", "MPL-2.0"),
        ("license: BSD3\n", "BSD-3-Clause"),
        ("License: MIT + file LICENSE\n", "MIT"),
        ("(license AGPL-3.0-only)", "AGPL-3.0-only"),
        ("license='see LICENSE'", None),
        ("", None),
    ],
)
def test_a_manifest_declares_a_licence_in_its_own_way(text: str, licence: str | None) -> None:
    """By its identifier, or by a name that is in common use."""
    assert licences_in_text(text)[:1] == ((licence,) if licence else ())


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        (OURS, "AGPL-3.0"),
        ({"AGPL-3.0-only"}, "AGPL-3.0-only"),
        ({"MIT", "Apache-2.0"}, "Apache-2.0 or MIT"),
        (set("abcdefg"), "a or b or c or d or e or 2 more"),
    ],
)
def test_what_a_policy_allows_is_said_in_few_words(policy: set[str], names: str) -> None:
    """The two forms of a GNU licence are one; of very many, some are named."""
    assert policy_names(policy) == names


@pytest.mark.parametrize("bare", ["AGPL-3.0", "GPL-2.0", "GPL-3.0", "LGPL-2.1", "GFDL-1.3"])
def test_a_bare_gnu_name_means_both_of_its_forms(bare: str) -> None:
    """As people write it; letters can be of either case."""
    both = {f"{bare}-only", f"{bare}-or-later"}
    assert with_forms([bare, "MIT"]) == both | {"MIT"}
    for name in (*both, bare, f"{bare}+"):
        assert allowed(name, with_forms([bare])) is True
        assert allowed(name, with_forms([bare.lower()])) is True
    assert allowed("MIT", with_forms([bare])) is False


@pytest.mark.parametrize("name", ["GPL-3.0-only", "AGPL-3.0-or-later", "MIT", "XGPL-3.0", ""])
def test_every_other_name_means_itself(name: str) -> None:
    """A form that was chosen allows no other."""
    assert with_forms([name]) == {name}


@pytest.mark.parametrize(
    ("policy", "title"),
    [
        (OURS, "AGPLv3"),
        ({"AGPL-3.0-or-later"}, "AGPLv3"),
        ({"LGPL-2.1-only", "GPL-3.0-only"}, "GPLv3 / LGPLv2.1"),
        ({"MIT"}, "MIT"),
        ({"MIT", "Apache-2.0"}, "Apache-2.0 / MIT"),
        (set(), "License"),
    ],
)
def test_the_title_follows_the_policy(policy: set[str], title: str) -> None:
    """The forms of one GNU licence are one name."""
    assert policy_title(policy) == title


@settings(max_examples=examples(50), deadline=None)
@given(st.text(), st.sets(st.text()))
def test_no_text_raises(text: str, policy: set[str]) -> None:
    """Neither as a licence, nor as an expression, nor as a policy."""
    named_licences(text, text)
    named_licences("LICENSE", f"SPDX-License-Identifier: {text}")
    spdx(text)
    allowed(text, policy)
    assert policy_title(policy) is not None


@pytest.mark.parametrize("text", ["(" * 50_000, "(" * 150, "MIT OR " * 50_000 + "MIT"])
def test_a_hostile_text_names_nothing(text: str) -> None:
    """However deep or long it is."""
    assert spdx(text) is None
    assert named_licences("LICENSE", f"SPDX-License-Identifier: {text}") == ()
