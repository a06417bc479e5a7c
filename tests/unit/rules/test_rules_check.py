"""The checks as data: what every rule set says of each, for people."""

from __future__ import annotations

import pytest

from gitlab_sync.rules.items import issue as issue_rules
from gitlab_sync.rules.items import item
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.projects import checks as project_checks
from gitlab_sync.rules.projects.compliance import DEFAULT_POLICY

ALL: tuple[Check, ...] = (*mr_rules.CHECKS, *issue_rules.CHECKS, *project_checks.CHECKS)


@pytest.mark.parametrize("check", ALL, ids=lambda check: f"{type(check).__name__}-{check.id}")
def test_every_check_says_in_one_sentence_when_it_fails(check: Check) -> None:
    """A fault that cannot be understood cannot be fixed."""
    sentence = check.fails_when
    assert sentence.endswith(".")
    assert len(sentence.split()) > 3
    assert sentence[0].isupper()
    assert sentence not in {check.why, check.how_to_fix}


def test_no_two_checks_fail_in_the_same_words() -> None:
    """Over all rule sets: else one of them would not be needed, or not be told apart."""
    assert len({check.fails_when for check in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (next(each for each in mr_rules.CHECKS if each.id == "merge_gt_1_week"), item.ONE_WEEK),
        (next(each for each in mr_rules.CHECKS if each.id == "merge_gt_2_days"), item.TWO_DAYS),
        (next(each for each in issue_rules.CHECKS if each.id == "long_open_time"), item.TWO_DAYS),
        (project_checks.BY_ID["readme"], DEFAULT_POLICY.readme_length),
        (project_checks.BY_ID["readme"], DEFAULT_POLICY.readme_sections),
    ],
)
def test_a_limit_in_the_words_is_that_of_the_evaluation(check: Check, number: float) -> None:
    """The words do not know when the number changes."""
    assert f" {number:g} " in check.fails_when
