"""Thousands of changed answers: true rows, unknown ones with a reason, or an error of ours.

Each report is made of answers in which a field is missing, null, or of another kind, or of answers
that are cut. Its rows are the true ones, or they say that they are not whole, and then no number is
above the truth. Nothing else than an error of `gitlab_sync.errors` is ever raised. What is changed
for one person changes the row of no one else.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import honest_reports as honest
import pytest
from changed_answers import Change, ChangedAnswers
from changed_reports import ALL, NAMES, OF_ONE, Asked
from how_many import examples
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.reports.report import Report
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Source

pytestmark = pytest.mark.slow

CASES = examples(170, 250)
"""Changes for each kind of report and each source."""

WIRE_CASES = examples(40, 60)
"""Answers that are cut or drip on a real connection, for each source."""

QUICK = RetryPolicy(base=0.0005, cap=0.001)
EACH_SOURCE = [(name, source) for name, asked in ALL.items() for source in asked.sources]


def small_world() -> World:
    """Return a world of three people, in which a run takes milliseconds."""
    return fresh_world(5, users=3, merge_requests=3, issues=2, projects=2, large_every=0)


def made(answers: ChangedAnswers, asked: Asked, source: Source) -> Any:
    """Return a report, with a bridge of its own."""
    with Bridge(2, policy=QUICK) as bridge:
        bridge.transport = answers  # type: ignore[assignment]
        client = GitLabClient("http://gitlab.example", "sandbox-admin-token", bridge=bridge)
        return asked.make(client, Run(source=source, max_wait=0.05))


def sample(answers: ChangedAnswers, choice: random.Random) -> Iterator[Change]:
    """Yield changes: each field as likely as any other, and for all people or for one."""
    fields = sorted(answers.changes().items())
    while True:
        (endpoint, _), changes = choice.choice(fields)
        change = choice.choice(changes)
        if choice.random() < 0.1:
            change = Change(endpoint, cut=choice.random())
        if choice.random() < 0.5:
            change = replace(change, only=choice.choice(answers.sent_to(endpoint)))
        yield change


@pytest.mark.parametrize(("name", "source"), EACH_SOURCE)
def test_a_changed_answer_ends_in_the_true_row_an_unknown_one_or_our_error(
    name: str, source: Source
) -> None:
    """Field by field, in all rows or in one, of all people or of one; the same in each run."""
    asked = ALL[name]
    answers = ChangedAnswers(small_world(), asked.token)
    true = made(answers, asked, source)
    changes = sample(answers, random.Random(f"{name} {source}"))
    struck = 0
    for change in (next(changes) for _ in range(CASES)):
        answers.change, answers.hits = change, 0
        try:
            found = made(answers, asked, source)
        except GitLabSyncError:
            assert answers.hits, change
            continue
        except Exception as error:
            raise AssertionError(f"{change}: {error!r}") from error
        struck += answers.hits > 0
        try:
            asked.check(found, true)
            assert_others_are_true(found, true, change)
        except AssertionError as error:
            raise AssertionError(f"{change}\n{error}") from error
    assert struck > CASES / 3


def assert_others_are_true(found: Any, true: Any, change: Change) -> None:
    """Check that a change in what is about one person changes one row at most."""
    rows_of_people = isinstance(true, Report) and "Username" in true[0]
    if rows_of_people and change.only is not None and change.endpoint in OF_ONE:
        rows, true_rows = honest.by(found, "Username"), honest.by(true, "Username")
        assert sum(row != true_rows[name] for name, row in rows.items()) <= 1


@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_answers_that_are_cut_or_drip_on_the_wire_are_read_again_or_told(source: Source) -> None:
    """At random requests, once or for ever."""
    choice = random.Random(source)
    with Sandbox(small_world()) as sandbox:
        true = on_the_wire(sandbox, source)
        requests = sandbox.traffic.total
        for _ in range(WIRE_CASES):
            kind = choice.choice(["truncate", "drip", "malformed", "empty"])
            seconds = 0.05 if kind == "drip" else None
            where = {"nth": choice.randint(1, requests), "times": choice.choice([1, None])}
            sandbox.faults.clear()
            sandbox.faults.add(kind, seconds=seconds, **where)
            found = on_the_wire(sandbox, source)
            honest.check_evaluation(found, true)
            if kind == "drip" or where["times"] == 1:
                assert list(found) == list(true), (kind, where)


def on_the_wire(sandbox: Sandbox, source: Source) -> Report:
    """Evaluate the people over a real connection."""
    with Bridge(4, policy=QUICK) as bridge:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        return client.batch_evaluate_mrs([*NAMES, "no.one"], run=Run(source=source))
