"""The result of a check as text, for the log of a pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gitlab_sync.errors import without_secrets
from gitlab_sync.reports.cells import visible
from gitlab_sync.reports.checks.summary import CheckSummary
from gitlab_sync.rules.ratchet.check_result import CheckResult
from gitlab_sync.rules.ratchet.comparison import State
from gitlab_sync.rules.ratchet.place import Place
from gitlab_sync.rules.text import plural

MARKS: dict[State, str] = {
    "new": "NEW", "known": "known", "unknown": "?", "not yet": "later", "waived": "waived",
}  # fmt: skip
"""The mark of each state that is shown."""

_MOST_UNKNOWN = 20  # of more, the reasons are counted
_INDENT = " " * 10


def to_text(summary: CheckSummary) -> bytes:
    """Return the faults by place, what is unknown with its reasons, and the counts.

    Known faults are shown if any is enough to fail; else they are counted.
    """
    return "".join(f"{line}\n" for line in _lines(summary)).encode(errors="replace")


def _lines(summary: CheckSummary) -> Iterator[str]:
    comparison = summary.comparison
    states: list[State] = ["new", "not yet", "waived"]
    states += ["known"] if summary.limits.fail_on == "any" else []
    unknown = comparison.those("unknown")
    alone = len(unknown) <= _MOST_UNKNOWN
    shown = comparison.those(*states) + (unknown if alone else [])
    yield f"{_safe(summary.subject)}, policy {_safe(summary.policy)}"
    places = dict.fromkeys(each.place for each in shown)
    for place in sorted(places):
        yield from _place(place, [each for each in shown if each.place == place], summary)
    yield ""
    if not alone:
        reasons = Counter(each.verdict.reason for each in unknown)
        yield from (
            f"  ?       {plural(number, 'check')}: {_safe(reason)}"
            for reason, number in reasons.most_common()
        )
    yield from (f"  ?       {_safe(reason)}" for reason in summary.unread)
    yield from (
        f"  gone    {_safe(fault.place)}: {_safe(fault.check)}" for fault in comparison.gone
    )
    yield summary.counts


def _place(place: Place, results: Sequence[CheckResult], summary: CheckSummary) -> Iterator[str]:
    yield ""
    yield _safe(f"{place} {results[0].title}")
    width = max(len(each.check.title) for each in results)
    for each in results:
        check, state = each.check, summary.comparison.state(each)
        reason = _safe(each.verdict.reason)
        yield f"  {MARKS[state]:<6}  {check.severity:<6}  {check.title:<{width}}  {reason}"
        if state in {"new", "known"}:
            if each.verdict.evidence is not None:
                yield f"{_INDENT}{_safe(each.verdict.evidence)}"
            yield f"{_INDENT}To do: {check.how_to_fix}"


def _safe(text: str) -> str:
    return visible(" ".join(without_secrets(text).split()))
