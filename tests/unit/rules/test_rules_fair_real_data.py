"""The fair rules against a second computation, over real data."""

from __future__ import annotations

from typing import Any

import pytest
import truth_of_fair as truth
from real_data import REAL
from test_rules_real_data import PARTS, by_author, records

from gitlab_sync.rules.items import table
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.tally import Tally
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.types import PartialList, Record


def row(username: str, rules: RuleSet, counted: Tally) -> dict[str, Any]:
    """Return the tally as the second computation has its rows."""
    cells = table.cells(counted, rules)
    return {"Username": username, **cells, "Unverified": counted.unverified}


def facts_by_place() -> dict[tuple[int, int], Facts]:
    """Return the facts of all merge requests of the data, by project and number."""
    read: dict[tuple[int, int], dict[str, PartialList]] = {}
    for part in PARTS:
        for line in records(REAL, f"merge_request_{part}"):
            place = read.setdefault((line["project_id"], line["iid"]), {})
            place[part] = PartialList(line["items"])
    return {
        place: Facts(*(parts.get(part, PartialList()) for part in PARTS))
        for place, parts in read.items()
    }


@pytest.mark.large
def test_the_fair_rules_agree_with_a_second_computation_over_real_data() -> None:
    """Thousands of merge requests and issues, each cell, and how many items it is of."""
    expected, rules = truth.merge_request_rows(REAL), FAIR.merge_requests
    read, nothing = facts_by_place(), Facts(*(PartialList() for _ in PARTS))

    def evaluated(mrs: list[Record]) -> Tally:
        places = [(mr["project_id"], mr["iid"]) for mr in mrs]
        return rules.count(
            (mr, rules.evaluate(mr, read.get(place, nothing)))
            for mr, place in zip(mrs, places, strict=True)
        )

    for found in by_author(records(REAL, "merge_requests")).values():
        name = found[0]["author"]["username"]
        assert row(name, rules, evaluated(found)) == expected.pop(name)
    assert not expected


@pytest.mark.large
def test_the_fair_rules_of_issues_agree_with_a_second_computation_over_real_data() -> None:
    """Each cell, and how many items it is of."""
    expected, rules = truth.issue_rows(REAL), FAIR.issues
    for found in by_author(records(REAL, "issues")).values():
        name = found[0]["author"]["username"]
        counted = rules.count((issue, rules.evaluate(issue)) for issue in found)
        assert row(name, rules, counted) == expected.pop(name)
    assert not expected
