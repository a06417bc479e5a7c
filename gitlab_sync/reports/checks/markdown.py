"""The result of a check as Markdown, for a note on a merge request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from gitlab_sync.reports.checks.summary import CheckSummary
from gitlab_sync.reports.sheet import web_address
from gitlab_sync.rules.items.own_note import MARKER
from gitlab_sync.rules.markdown import escaped
from gitlab_sync.rules.ratchet.check_result import CheckResult
from gitlab_sync.rules.text import plural

_MOST = 100  # rows of a table; a note has room for more, but no reader


def to_markdown(summary: CheckSummary) -> bytes:
    """Return the note. It changes only when the result does: it has no time and no number of runs.

    Its first line is the marker by which the note is found again. No text of GitLab is Markdown,
    HTML, a mention, a reference or a quick action in it.
    """
    return ("\n".join(_lines(summary)) + "\n").encode(errors="replace")


def _lines(summary: CheckSummary) -> Iterator[str]:
    comparison = summary.comparison
    yield MARKER
    yield f"### gitlab-sync: {escaped(summary.counts)}"
    yield ""
    yield f"{escaped(summary.subject)}, policy {escaped(summary.policy)}."
    for remark in summary.remarks:
        yield f"{escaped(remark)}"
    new = comparison.those("new")
    yield from _table(new)
    yield from _to_do(new)
    yield from _folded("known", comparison.those("known"))
    yield from _folded("waived", comparison.those("waived"))
    yield from _folded("not yet", comparison.those("not yet"))
    yield from _folded("could not be read", comparison.those("unknown"))
    for reason in summary.unread[:_MOST]:
        yield ""
        yield f"Not read: {escaped(reason)}"
    if comparison.gone:
        yield ""
        gone = (f"{escaped(fault.place)} ({escaped(fault.check)})" for fault in comparison.gone)
        yield f"Gone: {', '.join([*gone][:_MOST])}. `--tighten` takes them out of the baseline."


def _table(results: Sequence[CheckResult]) -> Iterator[str]:
    if not results:
        return
    yield ""
    yield "| severity | check | where | why |"
    yield "|---|---|---|---|"
    for each in results[:_MOST]:
        check, why = each.check, _linked(each.verdict.reason, each.verdict.evidence)
        where = escaped(f"{each.place} {each.title}")
        yield f"| {check.severity} | {escaped(check.title)} | {where} | {why} |"
    if len(results) > _MOST:
        yield ""
        yield f"And {len(results) - _MOST:,} more."


def _to_do(results: Iterable[CheckResult]) -> Iterator[str]:
    advice = {each.check.title: each.check.how_to_fix for each in results}
    if advice:
        yield ""
        yield "What to do:"
        yield ""
        yield from (f"- {escaped(title)}: {escaped(text)}" for title, text in advice.items())


def _folded(title: str, results: Sequence[CheckResult]) -> Iterator[str]:
    if results:
        yield ""
        yield f"<details><summary>{plural(len(results), 'check')} {title}</summary>"
        yield from _table(results)
        yield ""
        yield "</details>"


def _linked(text: str, url: str | None) -> str:
    address = web_address(url)
    if address is None:
        return escaped(text)
    return f"[{escaped(text)}](<{quote(address, safe=':/?#@!$&*+,;=%~.-_')}>)"
