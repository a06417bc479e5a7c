"""The result of a check in each format: valid by its schema, whatever GitLab's texts say."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from how_many import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitlab_sync.reports.checks.code_quality import SEVERITIES, to_code_quality
from gitlab_sync.reports.checks.formats import WRITERS, writer
from gitlab_sync.reports.checks.junit import to_junit
from gitlab_sync.reports.checks.markdown import to_markdown
from gitlab_sync.reports.checks.sarif import to_sarif
from gitlab_sync.reports.checks.summary import CheckSummary
from gitlab_sync.reports.checks.text import to_text
from gitlab_sync.rules.items.own_note import MARKER
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.markdown import CONTROL, escaped
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.rules.ratchet.baseline import Baseline, KnownFault
from gitlab_sync.rules.ratchet.check_result import CheckResult
from gitlab_sync.rules.ratchet.comparison import Comparison
from gitlab_sync.rules.ratchet.limits import FailOn, Limits
from gitlab_sync.rules.ratchet.place import Place

DATA = Path(__file__).parents[2] / "data"
CHECKS = FAIR.merge_requests.checks
NASTY = "</a>]]>&<script>&#x0;\0\x1b[2J\ufffe|`*_[x](javascript:x) @all #1 !2\n/close\r\u2028"

CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "pattern": "^[a-z0-9_]+$"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "pattern": "^(?!\\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""What GitLab documents as the part of Code Climate's format that it reads."""


@cache
def sarif_schema() -> Any:
    """Return what validates SARIF."""
    schema = json.loads((DATA / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    return jsonschema.Draft4Validator(schema)


@cache
def junit_schema() -> Any:
    """Return what validates JUnit's XML."""
    from xmlschema import XMLSchema  # slow to load

    return XMLSchema(str(DATA / "junit-10.xsd"))


def result(number: int, outcome: Any, text: str = "so", **further: Any) -> CheckResult:
    """Return what a check says of the merge request with this number."""
    check = CHECKS[number % len(CHECKS)]
    verdict = Verdict(outcome, text, f"https://x.example/{number}", outcome == "pending")
    if outcome == "pending":
        verdict = Verdict("unknown", text, None, pending=True)
    place = Place("courses/app", "merge request", number)
    return CheckResult(check, place, verdict, further.pop("title", "Fix"), **further)


def summary(
    results: Sequence[CheckResult],
    known: Sequence[int] = (),
    gone: Sequence[CheckResult] = (),
    fail_on: FailOn = "new",
    **further: Any,
) -> CheckSummary:
    """Return a summary in which the results at these places, and `gone`, are in the baseline."""
    faults = [*(results[at] for at in known), *gone]
    lines = [KnownFault(str(each.place), each.check.id, each.fingerprint) for each in faults]
    comparison = Comparison.of(
        [*results, *(result(each.place.number or 0, "pass") for each in gone)],
        Baseline("fair", "courses/app", frozenset(lines)),
    )
    about = ("merge request courses/app!1", "fair", comparison, Limits(fail_on), "1 of 1 read")
    return CheckSummary(*about, **further)


OUTCOMES = ("fail", "fail", "pass", "unknown", "pending", "n/a", "waived")
EVERY = [result(number, outcome) for number, outcome in enumerate(OUTCOMES)]
"""A result of each kind: new, known, and the others."""

GONE = [result(20, "fail"), result(21, "fail")]


def test_a_report_holds_what_is_new_and_sarif_what_is_gone() -> None:
    """One of each kind, as a tool would count them."""
    found = summary(EVERY, known=[1], gone=GONE)
    document = to_junit(found).decode()
    counted = {name: document.count(f"<{name} ") for name in ("failure", "error", "skipped")}
    assert counted == {"failure": 1, "error": 1, "skipped": 3}  # known, waived, not yet
    assert document.count("<testcase ") == 8  # all but n/a
    (entry,) = json.loads(to_code_quality(found))
    assert entry["fingerprint"] == EVERY[0].fingerprint
    (run,) = json.loads(to_sarif(found))["runs"]
    states = [each["baselineState"] for each in run["results"]]
    assert sorted(states) == ["absent", "absent", "new", "new", "unchanged"]
    (suppressed,) = [each for each in run["results"] if "suppressions" in each]
    assert suppressed["partialFingerprints"] == {"gitlabSync/v1": EVERY[6].fingerprint}
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert len(invocation["toolExecutionNotifications"]) == 1
    note = to_markdown(found).decode()
    assert note.startswith(f"{MARKER}\n")
    assert "1 new fault\\, 1 known\\, 2 gone\\, 1 waived\\, 1 not yet\\, 1 unknown" in note


def test_with_any_fault_to_fail_on_known_ones_are_reported_too() -> None:
    """Then each of them fails the run."""
    found = summary(EVERY, known=[1], fail_on="any")
    assert to_junit(found).decode().count("<failure ") == 2
    assert len(json.loads(to_code_quality(found))) == 2
    assert "known" in to_text(found).decode()


def test_every_severity_has_one_of_gitlab() -> None:
    """A fault of a high severity is critical; nothing that we find is a blocker."""
    severities = {each.severity for each in CHECKS}
    assert set(SEVERITIES) == severities
    assert list(SEVERITIES.values()) == ["minor", "major", "critical"]


@given(
    st.lists(
        st.builds(
            result,
            st.integers(0, 30),
            st.sampled_from(OUTCOMES),
            st.text(max_size=30),
            title=st.text(max_size=30),
            file=st.text(min_size=1, max_size=20),
            line=st.integers(1, 9),
        ),
        max_size=6,
    ),
    st.text(max_size=30),
)
@example([result(1, "fail", NASTY, title=NASTY, file="a b/ü#.py"), *EVERY], NASTY)
@settings(max_examples=examples(40))
def test_whatever_gitlab_says_each_report_is_valid(found: list[CheckResult], text: str) -> None:
    """Titles and reasons are texts of strangers."""
    told = summary(found, gone=GONE, unread=[text], remarks=[text])
    junit_schema().validate(to_junit(told).decode())
    sarif_schema().validate(json.loads(to_sarif(told)))
    jsonschema.validate(json.loads(to_code_quality(told)), CODE_QUALITY)
    shown = to_text(told).decode()
    assert shown.replace("\n", "").isprintable()
    lines = to_markdown(told).decode().splitlines()
    assert lines[0] == MARKER
    assert not any(line.lstrip().startswith("/") for line in lines)


@given(st.text(max_size=60))
@example(NASTY)
def test_a_text_in_markdown_shows_its_characters_and_does_nothing(text: str) -> None:
    """It is no link, no HTML, no table, no mention, no reference and no quick action."""
    escape, shown = escaped(text), CONTROL.sub("", " ".join(text.split()))
    assert "\n" not in escape
    assert not re.search(r"(?<!\\)(?:\\\\)*[@#!~%&$^<|`\[/*_]", escape)
    rendered = MarkdownIt("commonmark").parseInline(f"x {escape}")[0].children or []
    assert {token.type for token in rendered} <= {"text", "text_special"}
    assert "".join(token.content for token in rendered).split() == f"x {shown}".split()


def test_a_note_has_no_address_that_is_not_of_the_web() -> None:
    """An address comes from GitLab, too."""
    odd = result(1, "fail")
    for url, shown in (
        ("javascript:alert(1)", None),
        ("https://x.example/a)b>c d", None),
        ("https://x.example/a)b>c", "<https://x.example/a%29b%3Ec>"),
    ):
        told = Verdict("fail", "so", url)
        changed = CheckResult(odd.check, odd.place, told, "Fix")
        note = to_markdown(summary([changed])).decode()
        assert (shown in note) if shown else ("](" not in note)


def test_a_long_list_of_faults_has_an_end_in_a_note() -> None:
    """No one reads more, and GitLab takes notes of a million characters at most."""
    found = [result(number, "fail") for number in range(1, 5000)]
    note = to_markdown(summary(found, known=range(2000))).decode()
    assert "And 2,899 more." in note
    assert len(note) < 200_000


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_result_makes_the_same_report(kind: str) -> None:
    """A note that changes with the time would be written again and again."""
    write = writer(kind)
    assert write(summary(EVERY, [1], GONE)) == write(summary(EVERY, [1], GONE))
