"""Which licence a text is, and whether a policy allows it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project_examples import AGPL_NOTICE, MIT

from gitlab_sync.rules.projects.licence_text import allowed, identify, policy_title, with_forms

ROOT = Path(__file__).parents[3]
OURS = {"AGPL-3.0-only", "AGPL-3.0-or-later"}
AGPL_ONLY_NOTICE = AGPL_NOTICE.replace(
    "either version 3 of the License, or\n(at your option) any later version.",
    "version 3 of the License.",
)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (MIT, ("MIT",)),
        (MIT.replace("\n", "\r\n").upper(), ("MIT",)),
        (AGPL_NOTICE, ("AGPL-3.0-or-later",)),
        (AGPL_ONLY_NOTICE, ("AGPL-3.0-only",)),
        (AGPL_NOTICE + MIT, ("AGPL-3.0-or-later", "MIT")),
        ("SPDX-License-Identifier: MIT OR Apache-2.0\n", ("MIT OR Apache-2.0",)),
        ("// SPDX-License-Identifier: AGPL-3.0-only */", ("AGPL-3.0-only",)),
        ("", ()),
        ("All rights reserved.", ()),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3, 19 November 2007\n", ()),
        ("This is not under the GNU Affero General Public License.", ()),
        ("MIT", ()),
        (MIT[: len(MIT) // 3], ()),
    ],
)
def test_the_text_decides_and_never_a_name_in_it(text: str, ids: tuple[str, ...]) -> None:
    """A heading, a mention or a piece is no licence."""
    assert identify(text) == ids


def test_the_text_of_a_gnu_licence_alone_does_not_say_which_versions() -> None:
    """A notice before it does; the example in its appendix grants nothing."""
    license_file = ROOT / "LICENSE"
    if not license_file.exists():
        pytest.skip("the project's own LICENSE is not beside its code")
    text = license_file.read_text(encoding="utf-8")
    assert identify(text) == ("AGPL-3.0",)
    assert identify(AGPL_NOTICE + "\n" + text) == ("AGPL-3.0-or-later",)
    assert identify(AGPL_ONLY_NOTICE + "\n" + text) == ("AGPL-3.0-only",)


def test_the_licence_of_the_real_project_is_recognised() -> None:
    """Real files have a line or two around the text."""
    license_file = ROOT.parent / "shared/data/gitlab-runner/LICENSE"
    if not license_file.exists():
        pytest.skip("the real data are not beside the project")
    assert identify(license_file.read_text(encoding="utf-8")) == ("MIT",)


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
        ("(MIT)", None, None),
        ("", False, False),
    ],
)
def test_a_policy_names_what_is_allowed(
    expression: str, both: bool | None, later_only: bool | None
) -> None:
    """What the text leaves open is only open where the answer hangs on it."""
    assert allowed(expression, OURS) is both
    assert allowed(expression, {"AGPL-3.0-or-later"}) is later_only


@pytest.mark.parametrize("bare", ["AGPL-3.0", "GPL-2.0", "GPL-3.0", "LGPL-2.1", "GFDL-1.3"])
def test_a_bare_gnu_name_means_both_of_its_forms(bare: str) -> None:
    """As people write it; letters may be of either case."""
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


def test_many_threads_get_the_same_answers() -> None:
    """The matcher learns as it goes, so it is asked by one thread at a time."""
    texts = [MIT, AGPL_NOTICE, AGPL_ONLY_NOTICE, "nothing"] * 6
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(identify, texts)) == [identify(text) for text in texts]


@settings(max_examples=50, deadline=None)
@given(st.text(), st.sets(st.text()))
def test_no_text_raises(text: str, policy: set[str]) -> None:
    """Neither as a licence, nor as an expression, nor as a policy."""
    identify(text)
    allowed(text, policy)
    assert policy_title(policy) is not None
