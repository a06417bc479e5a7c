"""The result of a check as JUnit's XML, which GitLab shows as tests of a pipeline."""

from __future__ import annotations

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from gitlab_sync.reports.cells import legal
from gitlab_sync.reports.checks.summary import CheckSummary
from gitlab_sync.rules.ratchet.check_result import CheckResult
from gitlab_sync.rules.ratchet.comparison import State


def to_junit(summary: CheckSummary) -> bytes:
    """Return a test for each check of each place that applies.

    A fault that is reported is a failure, and what could not be read is an error. Other faults, and
    what is waived or not there yet, are skipped.
    """
    suite = TestSuite("gitlab-sync check")
    failures = {each.fingerprint for each in summary.reported}
    for result in summary.comparison.results:
        state = summary.comparison.state(result)
        if state != "n/a":
            suite.add_testcase(_test(result, state, fails=result.fingerprint in failures))
    for reason in summary.unread:
        suite.add_testcase(_case(summary.subject, "read", Error(legal(reason), "unread")))
    document = JUnitXml()
    document.add_testsuite(suite)
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return text


def _test(result: CheckResult, state: State, *, fails: bool) -> TestCase:
    reason = legal(result.verdict.reason)
    place, title = str(result.place), result.check.title
    if fails:
        failure = Failure(reason, result.check.severity)
        failure.text = legal(_details(result))
        return _case(place, title, failure)
    if state == "pass":
        return _case(place, title)
    if state == "unknown":
        return _case(place, title, Error(reason, state))
    return _case(place, title, Skipped(f"{state}: {reason}", state))


def _case(place: str, name: str, outcome: Failure | Error | Skipped | None = None) -> TestCase:
    case = TestCase(name, legal(place))
    if outcome is not None:
        case.result = [outcome]
    return case


def _details(result: CheckResult) -> str:
    parts = (result.title, result.verdict.evidence, f"To do: {result.check.how_to_fix}")
    return "\n".join(filter(None, parts))
