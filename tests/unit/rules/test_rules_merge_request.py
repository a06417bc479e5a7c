"""Each rule for merge requests at its boundaries, and what cannot be known."""

from __future__ import annotations

from typing import Any

import pytest
from rules_examples import (
    URL,
    approval,
    clean_facts,
    commit,
    diff,
    facts,
    merge_request,
    note,
    reason,
    result,
)

from gitlab_sync.rules.items.merge_request import (
    CHECKS,
    RULES,
    Facts,
    efficient_row,
    evaluate,
    is_terminal,
)
from gitlab_sync.types import PartialList

DENIED = "403 Forbidden"


def test_one_that_a_list_holds_twice_counts_by_its_end() -> None:
    """It can be merged between two pages: then it was open on the first."""
    pairs = [(merge_request(state=state), {}) for state in ("opened", "merged")]
    assert RULES.count(pairs).cells["Closed MRs"] == 1


def test_the_checks_are_the_columns_in_their_order() -> None:
    """Spreadsheets rely on the titles."""
    assert [(check.id, check.title) for check in CHECKS] == [
        ("no_desc", "No Desc"),
        ("no_issues", "No Issues"),
        ("no_time_spent", "No Time Spent"),
        ("no_unit_tests", "No Unit Tests"),
        ("failed_pipeline", "Failed Pipeline"),
        ("no_semantic_commits", "No Semantic Commits"),
        ("no_internal_review", "No Internal Review"),
        ("merge_gt_1_week", "Merge > 1 Week"),
        ("merge_gt_2_days", "Merge > 2 Days"),
    ]


def test_every_check_explains_itself() -> None:
    """A fault that no one can fix is only a reproach."""
    known = {"notes", "commits", "diffs", "pipelines", "time_stats"}
    for check in CHECKS:
        assert check.why.endswith(".")
        assert check.how_to_fix.endswith(".")
        assert set(check.needs) <= known


def test_a_clean_merge_request_passes_every_check_in_order() -> None:
    """The verdicts come in the order of the checks."""
    verdicts = evaluate(merge_request(), clean_facts())
    assert list(verdicts) == [check.id for check in CHECKS]
    assert {verdict.result for verdict in verdicts.values()} == {"pass"}


@pytest.mark.parametrize("lost", ["notes", "commits", "diffs", "pipelines"])
def test_a_fact_that_was_not_read_touches_only_the_checks_that_need_it(lost: str) -> None:
    """What is unknown says what was missing and why."""
    mr = merge_request(description="Nothing", title="Nothing")
    whole = {"notes": [], "commits": [commit("nothing")], "diffs": [], "pipelines": []}
    verdicts = evaluate(mr, facts(**{**whole, lost: PartialList((), DENIED)}))
    unknown = {check for check, verdict in verdicts.items() if verdict.result == "unknown"}
    assert unknown == {check.id for check in CHECKS if lost in check.needs}
    assert {verdicts[check].reason for check in unknown} == {f"{lost} not read: {DENIED}"}


@pytest.mark.parametrize(
    ("state", "terminal"),
    [("merged", True), ("closed", True), ("MERGED", True), ("opened", False), ("locked", False)],
)
def test_merged_and_closed_ones_have_ended(state: str, *, terminal: bool) -> None:
    """GraphQL and REST may spell a state in different case."""
    assert is_terminal(merge_request(state=state)) is terminal


@pytest.mark.parametrize("state", [None, 3, [], {}])
def test_a_state_that_cannot_be_read_is_no_end(state: object) -> None:
    """Nothing is evaluated on a guess."""
    assert not is_terminal(merge_request(state=state))
    assert not is_terminal({})


# Description


@pytest.mark.parametrize(
    "text",
    ["", None, " \n\t", "<!-- say what\nyou did -->", "<!-- never closed", " <!--a--> \n<!--b--> "],
)
def test_a_description_without_visible_text_is_a_fault(text: str | None) -> None:
    """White space and comments of templates are nothing."""
    assert result("no_desc", merge_request(description=text)) == "fail"


def test_any_visible_text_is_a_description() -> None:
    """How good it is, another rule says."""
    assert result("no_desc", merge_request(description="<!-- a -->x<!-- b")) == "pass"


def test_a_description_that_is_missing_is_unknown() -> None:
    """It was not read; null says that there is none, and another kind of thing says nothing."""
    mr = merge_request()
    del mr["description"]
    assert result("no_desc", mr) == "unknown"
    assert reason("no_desc", mr) == "description not in the list"
    assert result("no_desc", merge_request(description=["text"])) == "unknown"


def test_a_title_that_is_missing_is_unknown() -> None:
    """For the semantic title, and for an issue that it could name."""
    mr = merge_request(description="x")
    del mr["title"]
    assert result("no_semantic_commits", mr) == "unknown"
    assert reason("no_issues", mr) == "title not in the list"


@pytest.mark.parametrize("state", [..., None, 3, "x", ["merged"], {}, True])
def test_one_without_a_readable_state_is_in_no_count_and_unknown_in_all_checks(
    state: object,
) -> None:
    """It could be open or have ended; no fact of it has to be read."""
    mr = merge_request(state=state)
    if state is ...:
        del mr["state"]
    verdicts = evaluate(mr, clean_facts())
    assert {verdict.result for verdict in verdicts.values()} == {"unknown"}
    assert RULES.undecided(mr) == ()
    row = RULES.count([(mr, verdicts), (merge_request(id=71), evaluate(merge_request(), facts()))])
    assert row.cells["Closed MRs"] == 1
    assert row.unverified == len(CHECKS)
    alone = efficient_row([mr])
    assert alone.cells.pop("Closed MRs") == 0  # type: ignore[attr-defined]
    assert set(alone.cells.values()) == {None}


def test_the_reason_tells_comments_from_nothing() -> None:
    """It helps to know that the template was left as it was."""
    assert reason("no_desc", merge_request(description="<!-- a -->")) == "only comments"
    assert reason("no_desc", merge_request(description=None)) == "no description"


# Time spent


@pytest.mark.parametrize(("seconds", "expected"), [(0, "fail"), (1, "pass"), (7200, "pass")])
def test_booked_time_is_any_time_above_zero(seconds: int, expected: str) -> None:
    """The list's own statistics are enough."""
    mr = merge_request(time_stats={"total_time_spent": seconds})
    assert result("no_time_spent", mr) == expected


@pytest.mark.parametrize(
    "stats", [None, {}, {"total_time_spent": None}, {"total_time_spent": "0"}, [], False]
)
def test_statistics_that_do_not_say_are_unknown_until_asked_for(stats: object) -> None:
    """Then what was asked for decides."""
    mr = merge_request(time_stats=stats)
    assert result("no_time_spent", mr) == "unknown"
    asked = PartialList([{"total_time_spent": 0}])
    assert result("no_time_spent", mr, time_stats=asked) == "fail"
    asked = PartialList([{"total_time_spent": 60}])
    assert result("no_time_spent", mr, time_stats=asked) == "pass"
    assert reason("no_time_spent", mr, time_stats=asked) == "0h 1m booked"
    asked = PartialList((), "500 Internal Server Error")
    assert result("no_time_spent", mr, time_stats=asked) == "unknown"
    assert "500" in reason("no_time_spent", mr, time_stats=asked)
    assert result("no_time_spent", mr, time_stats=PartialList()) == "unknown"


# Time open


@pytest.mark.parametrize(
    ("end", "two_days", "one_week"),
    [
        ("2024-03-01T10:00:00Z", "pass", "pass"),
        ("2024-03-03T10:00:00Z", "pass", "pass"),
        ("2024-03-03T10:00:01Z", "fail", "pass"),
        ("2024-03-03T10:00:00.001Z", "fail", "pass"),
        ("2024-03-08T10:00:00Z", "fail", "pass"),
        ("2024-03-08T10:00:01Z", "fail", "fail"),
        ("2024-02-28T10:00:00Z", "pass", "pass"),
        ("2024-03-03T15:30:00+05:30", "pass", "pass"),
        ("2024-03-03T15:30:01+05:30", "fail", "pass"),
        ("2024-03-08T02:00:00-08:00", "fail", "pass"),
        ("2024-03-08T02:00:01-08:00", "fail", "fail"),
    ],
)
def test_two_days_and_a_week_are_exceeded_only_by_more(
    end: str, two_days: str, one_week: str
) -> None:
    """Exactly 48 and 168 hours are in time, whatever the offset is written in."""
    mr = merge_request(created_at="2024-03-01T10:00:00Z", merged_at=end)
    assert (result("merge_gt_2_days", mr), result("merge_gt_1_week", mr)) == (two_days, one_week)


def test_a_closed_one_ended_when_it_was_closed() -> None:
    """The time of merging counts first, where both are there."""
    late = "2024-04-01T10:00:00Z"
    closed = merge_request(state="closed", merged_at=None, closed_at=late)
    assert result("merge_gt_1_week", closed) == "fail"
    assert result("merge_gt_1_week", merge_request(closed_at=late)) == "pass"


@pytest.mark.parametrize(
    "changes",
    [
        {"created_at": None},
        {"created_at": "soon"},
        {"created_at": "2024-03-01T10:00:00"},
        {"created_at": 5},
        {"merged_at": None},
        {"merged_at": "soon"},
        {"merged_at": "soon", "closed_at": "2024-03-02T10:00:00Z"},
        {"merged_at": []},
    ],
)
def test_a_time_that_cannot_be_read_is_unknown(changes: dict[str, Any]) -> None:
    """Both columns of time say so."""
    mr = merge_request(**changes)
    assert result("merge_gt_2_days", mr) == result("merge_gt_1_week", mr) == "unknown"


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("2024-03-04T14:05:00Z", "open 76h 5m"),
        ("2024-03-01T14:05:00Z", "open 4h 5m"),
        ("2024-03-01T10:05:00Z", "open 0h 5m"),
        ("2024-02-01T10:05:00Z", "closed before it was created"),
    ],
)
def test_the_time_open_is_told_in_two_units(end: str, words: str) -> None:
    """A person reads days and hours, not seconds."""
    mr = merge_request(created_at="2024-03-01T10:00:00Z", merged_at=end)
    assert reason("merge_gt_2_days", mr) == words


# Semantic commits


def test_one_semantic_commit_is_enough() -> None:
    """Wherever it is in the list."""
    assert result("no_semantic_commits", commits=[commit("wip"), commit()]) == "pass"
    assert result("no_semantic_commits", commits=[commit("wip"), commit("Fix it")]) == "fail"


def test_the_title_does_not_help_where_there_are_commits() -> None:
    """It is the history that is evaluated."""
    assert result("no_semantic_commits", commits=[commit("wip")]) == "fail"


def test_only_the_first_line_of_a_message_counts() -> None:
    """A squashed message often lists semantic lines further down."""
    assert result("no_semantic_commits", commits=[commit("wip\n\nfix: a typo")]) == "fail"


def test_merge_commits_are_nobodys_work() -> None:
    """They neither pass nor fail; where there are no others, the title is evaluated."""
    merge = commit("fix: merge main", parents=2)
    assert result("no_semantic_commits", commits=[merge, commit("wip")]) == "fail"
    assert result("no_semantic_commits", commits=[merge]) == "pass"
    plain = merge_request(title="Sign in")
    assert result("no_semantic_commits", plain, commits=[merge]) == "fail"


def test_without_commits_the_title_is_evaluated() -> None:
    """As in a merge request with an emptied branch."""
    assert result("no_semantic_commits") == "pass"
    assert result("no_semantic_commits", merge_request(title="Sign in")) == "fail"
    assert result("no_semantic_commits", merge_request(title=None)) == "fail"
    assert result("no_semantic_commits", merge_request(title=9)) == "unknown"


def test_a_root_commit_and_one_without_parents_known_are_work() -> None:
    """Fewer than two parents is no merge."""
    for parents in ([], None, ["a"]):
        root = {**commit("wip"), "parent_ids": parents}
        assert result("no_semantic_commits", commits=[root]) == "fail"


def test_a_commit_that_does_not_say_its_parents_can_only_pass() -> None:
    """It could be a merge, which does not count."""
    strange = {**commit("wip"), "parent_ids": "x"}
    assert result("no_semantic_commits", commits=[strange]) == "unknown"
    del strange["parent_ids"]
    assert result("no_semantic_commits", commits=[strange]) == "unknown"
    assert result("no_semantic_commits", commits=[{**strange, "message": "fix: a"}]) == "pass"


def test_a_commit_with_a_title_alone_is_evaluated_by_it() -> None:
    """Some sources give no message."""
    assert result("no_semantic_commits", commits=[{"title": "fix: a"}]) == "pass"
    untold = {"title": "a", "message": None, "parent_ids": []}
    assert result("no_semantic_commits", commits=[untold]) == "fail"
    for key in ("title", "message"):
        without = {**untold, "title": None}
        del without[key]
        assert result("no_semantic_commits", commits=[without]) == "unknown"


def test_the_hundred_and_first_commit_counts() -> None:
    """More than one page holds."""
    many = [commit("wip") for _ in range(100)]
    assert result("no_semantic_commits", commits=[*many, commit()]) == "pass"
    assert reason("no_semantic_commits", commits=many) == "100 commits, none semantic"


def test_commits_that_broke_off_decide_only_if_a_semantic_one_is_there() -> None:
    """Otherwise it could be on the missing page; nor may the title stand in for that."""
    broken = PartialList([commit()], DENIED)
    assert result("no_semantic_commits", commits=broken) == "pass"
    assert result("no_semantic_commits", commits=PartialList([commit("wip")], DENIED)) == "unknown"
    assert result("no_semantic_commits", commits=PartialList((), DENIED)) == "unknown"


# Unit tests


def test_one_changed_test_is_enough() -> None:
    """A deleted one keeps its path, a moved one counts by where it went."""
    assert result("no_unit_tests", diffs=[diff("a.py"), diff("tests/a.py")]) == "pass"
    gone = {**diff("tests/a.py"), "deleted_file": True}
    assert result("no_unit_tests", diffs=[gone]) == "pass"
    moved_out = {"old_path": "tests/a.py", "new_path": "src/a.py", "renamed_file": True}
    assert result("no_unit_tests", diffs=[moved_out]) == "fail"
    moved_in = {"old_path": "src/a.py", "new_path": "tests/a.py", "renamed_file": True}
    assert result("no_unit_tests", diffs=[moved_in]) == "pass"


def test_no_changed_test_is_a_fault_even_without_any_file() -> None:
    """The reason says among how many."""
    assert reason("no_unit_tests", diffs=[diff("a.py")]) == "1 changed file, none a test"
    twelve = [diff(f"a{n}.py") for n in range(12)]
    assert reason("no_unit_tests", diffs=twelve) == "12 changed files, none a test"
    assert result("no_unit_tests") == "fail"


def test_files_that_broke_off_decide_only_if_a_test_is_there() -> None:
    """Otherwise it could be among those that were not read."""
    assert result("no_unit_tests", diffs=PartialList([diff("tests/a.py")], DENIED)) == "pass"
    assert result("no_unit_tests", diffs=PartialList([diff("a.py")], DENIED)) == "unknown"


@pytest.mark.parametrize("path", [None, "", 4])
def test_a_changed_file_without_a_path_is_unknown(path: Any) -> None:
    """It could be a test, unless another is."""
    assert result("no_unit_tests", diffs=[diff(path)]) == "unknown"
    assert result("no_unit_tests", diffs=[diff(path), diff("tests/a.py")]) == "pass"


# Pipelines


def test_the_pipeline_with_the_highest_id_decides_wherever_it_stands() -> None:
    """GitLab's list begins with those of merge request events."""
    old, new = {"id": 9, "status": "success"}, {"id": 10, "status": "failed"}
    for rows in ([old, new], [new, old]):
        assert result("failed_pipeline", pipelines=rows) == "fail"
    retried = {"id": 11, "status": "success"}
    assert result("failed_pipeline", pipelines=[retried, new, old]) == "pass"


@pytest.mark.parametrize("status", ["success", "canceled", "running", "skipped", "manual"])
def test_only_a_failed_one_is_a_fault(status: str) -> None:
    """One that was cancelled or still runs has not failed."""
    assert result("failed_pipeline", pipelines=[{"id": 1, "status": status}]) == "pass"


def test_the_case_of_a_status_does_not_matter() -> None:
    """GraphQL writes it in capitals."""
    assert result("failed_pipeline", pipelines=[{"id": 1, "status": "FAILED"}]) == "fail"


def test_no_pipeline_at_all_passes() -> None:
    """Nothing failed; that there should be one, is the project's matter."""
    assert result("failed_pipeline") == "pass"


@pytest.mark.parametrize("status", ["success", "failed"])
def test_pipelines_that_broke_off_decide_nothing(status: str) -> None:
    """The newest could be on the page that was not read."""
    broken = PartialList([{"id": 99, "status": status}], DENIED)
    assert result("failed_pipeline", pipelines=broken) == "unknown"


def test_a_pipeline_without_status_or_id_is_unknown_unless_all_agree() -> None:
    """One without an id could be the newest."""
    failed = {"id": 5, "status": "failed"}
    assert result("failed_pipeline", pipelines=[{"id": 1, "status": None}]) == "unknown"
    assert result("failed_pipeline", pipelines=[{"status": "success"}, failed]) == "unknown"
    assert result("failed_pipeline", pipelines=[{"status": "failed"}, failed]) == "fail"
    assert result("failed_pipeline", pipelines=[{"status": "success"}]) == "pass"


# Review


def test_a_note_of_another_person_is_a_review_whatever_it_says() -> None:
    """Even an empty one, or one by who deleted the account."""
    for other in (note("bob"), note("bob", ""), note("bob", None), note("ghost")):
        assert result("no_internal_review", notes=[other]) == "pass"


@pytest.mark.parametrize(
    "username", ["ann", "ANN", "release-bot", "x_bot", "x[bot]", "project_1_bot_f", "Renovate"]
)
def test_notes_and_approvals_of_the_author_and_of_bots_are_none(username: str) -> None:
    """Case does not matter."""
    assert result("no_internal_review", notes=[note(username)]) == "fail"
    assert result("no_internal_review", notes=[approval(username)]) == "fail"


def test_an_approval_of_another_person_is_a_review() -> None:
    """It is known by its system note, even if it was taken back later."""
    assert result("no_internal_review", notes=[approval("bob")]) == "pass"
    taken_back = note("bob", "unapproved this merge request", system=True)
    assert result("no_internal_review", notes=[taken_back, approval("bob")]) == "pass"
    assert result("no_internal_review", notes=[approval("ghost")]) == "pass"


@pytest.mark.parametrize(
    "body",
    [
        "unapproved this merge request",
        "merged",
        "approved this merge request as said",
        "added 1 commit",
        None,
    ],
)
def test_other_system_notes_are_no_review(body: str | None) -> None:
    """Who merges or pushes has not necessarily looked."""
    assert result("no_internal_review", notes=[note("bob", body, system=True)]) == "fail"


def test_upvotes_are_a_review() -> None:
    """The list says only how many, not who wrote them."""
    assert result("no_internal_review", merge_request(upvotes=1)) == "pass"
    assert result("no_internal_review", merge_request(upvotes=0)) == "fail"
    voted = merge_request(upvotes=2)
    assert result("no_internal_review", voted, notes=PartialList((), DENIED)) == "pass"


@pytest.mark.parametrize("upvotes", [None, "1", True])
def test_unknown_upvotes_leave_it_unknown_unless_a_note_decides(upvotes: object) -> None:
    """Null and missing mean the same."""
    mr = merge_request(upvotes=upvotes)
    assert result("no_internal_review", mr) == "unknown"
    assert result("no_internal_review", mr, notes=[note("bob")]) == "pass"
    del mr["upvotes"]
    assert result("no_internal_review", mr) == "unknown"


def test_a_review_on_the_second_page_of_notes_counts() -> None:
    """The first hundred may all be the author's."""
    rows = [note("ann") for _ in range(150)]
    assert result("no_internal_review", notes=rows) == "fail"
    rows[149] = note("bob")
    assert result("no_internal_review", notes=rows) == "pass"


def test_notes_that_broke_off_decide_only_if_a_review_is_there() -> None:
    """Otherwise it could be on the missing page."""
    assert result("no_internal_review", notes=PartialList([note("bob")], DENIED)) == "pass"
    assert result("no_internal_review", notes=PartialList([note("ann")], DENIED)) == "unknown"


def test_a_note_whose_author_is_not_known_is_unknown() -> None:
    """It can be the author's own, or another's; a bot's never counts."""
    assert result("no_internal_review", notes=[note(None)]) == "unknown"
    assert result("no_internal_review", notes=[{"body": "x", "author": None}]) == "unknown"
    nobody = merge_request(author=None)
    assert result("no_internal_review", nobody, notes=[note("bob")]) == "unknown"
    assert result("no_internal_review", nobody, notes=[note("x-bot")]) == "fail"


def test_a_note_without_the_system_mark_is_unknown() -> None:
    """GitLab could have written it; by the author or a bot it changes nothing."""
    plain = {"body": "x", "author": {"username": "bob"}}
    assert result("no_internal_review", notes=[plain]) == "unknown"
    for strange in (None, 0, "false", []):
        assert result("no_internal_review", notes=[{**plain, "system": strange}]) == "unknown"
    assert result("no_internal_review", notes=[plain, note("zoe")]) == "pass"
    own = {**plain, "author": {"username": "ann"}}
    assert result("no_internal_review", notes=[own]) == "fail"


def test_a_system_note_without_a_text_could_be_an_approval() -> None:
    """So a fault is unknown."""
    silent = note("bob", system=True)
    del silent["body"]
    assert result("no_internal_review", notes=[silent]) == "unknown"
    assert result("no_internal_review", notes=[{**silent, "body": None}]) == "fail"


@pytest.mark.parametrize("upvotes", [-3, 1e300, True, "1", [], {}])
def test_upvotes_that_are_no_number_from_0_up_clear_no_fault(upvotes: object) -> None:
    """Nor do they make one."""
    mr = merge_request(upvotes=upvotes)
    assert result("no_internal_review", mr) == "unknown"
    assert result("no_internal_review", mr, notes=[note("bob")]) == "pass"


@pytest.mark.parametrize("seconds", [-60, 1e300, True, "60", []])
def test_time_that_is_no_number_from_0_up_clears_no_fault(seconds: object) -> None:
    """It is asked for again, as if it was not there."""
    mr = merge_request(time_stats={"total_time_spent": seconds})
    assert result("no_time_spent", mr) == "unknown"
    asked = PartialList([{"total_time_spent": seconds}])
    assert result("no_time_spent", mr, time_stats=asked) == "unknown"


def test_a_pipeline_with_a_malformed_id_could_be_the_newest() -> None:
    """So two pipelines that differ decide nothing."""
    good, bad = {"id": 2, "status": "success"}, {"id": -3, "status": "failed"}
    assert result("failed_pipeline", pipelines=[good, bad]) == "unknown"


def test_a_list_of_bots_of_ones_own_is_asked() -> None:
    """It takes the place of the default one."""
    by_marge, by_renovate = facts(notes=[note("Marge")]), facts(notes=[note("renovate")])
    verdict = evaluate(merge_request(), by_marge, bots=["marge"])["no_internal_review"]
    assert verdict.result == "fail"
    verdict = evaluate(merge_request(), by_renovate, bots=["marge"])["no_internal_review"]
    assert verdict.result == "pass"


def test_the_reason_for_no_review_counts_the_notes() -> None:
    """System notes other than approvals are not among them."""
    rows = [note("ann"), note("x-bot"), approval("ann"), note("bob", "merged", system=True)]
    assert reason("no_internal_review", notes=rows) == "3 notes, all by the author or bots"
    assert reason("no_internal_review", notes=rows[:1]) == "1 note, by the author or a bot"
    assert reason("no_internal_review") == "no notes and no approval"


# Issues


@pytest.mark.parametrize(
    "text", ["#1", "GL-7", "issue 5", "see /-/work_items/3", "https://x/-/issues/3"]
)
def test_an_issue_named_anywhere_counts(text: str) -> None:
    """In title, description, messages of commits or notes."""
    bare = {"title": "x", "description": "x"}
    plain = merge_request(**bare)
    assert result("no_issues", plain) == "fail"
    assert result("no_issues", merge_request(**{**bare, "title": text})) == "pass"
    assert result("no_issues", merge_request(**{**bare, "description": text})) == "pass"
    assert result("no_issues", plain, commits=[commit(f"x\n\n{text}")]) == "pass"
    assert result("no_issues", plain, notes=[note("x-bot", text)]) == "pass"


def test_issues_in_comments_merge_commits_and_system_notes_do_not_count() -> None:
    """No one wrote them for this merge request. Titles and messages are taken as they are."""
    plain = merge_request(title="x", description="<!-- Closes #1 -->")
    assert result("no_issues", plain) == "fail"
    assert result("no_issues", plain, notes=[note("bob", "<!-- #1")]) == "fail"
    assert result("no_issues", plain, notes=[note("bob", "in #1", system=True)]) == "fail"
    assert result("no_issues", plain, commits=[commit("Closes #1", parents=2)]) == "fail"
    assert result("no_issues", plain, commits=[commit("<!-- #1 -->")]) == "pass"
    assert result("no_issues", merge_request(title="<!-- #1 -->", description=None)) == "pass"


@pytest.mark.parametrize("text", ["it&#39;s", "#12a", "colour #fff", "!12"])
def test_what_only_resembles_a_reference_does_not_count(text: str) -> None:
    """Wherever it is."""
    mr = merge_request(title=text, description=text)
    assert result("no_issues", mr, notes=[note("bob", text)], commits=[commit(text)]) == "fail"


def test_an_issue_in_the_title_decides_whatever_else_could_not_be_read() -> None:
    """A broken list may decide it, too."""
    lost = PartialList((), DENIED)
    assert result("no_issues", merge_request(title="#1"), notes=lost, commits=lost) == "pass"
    plain = merge_request(title="x", description="x")
    assert result("no_issues", plain, notes=PartialList([note("bob", "#1")], DENIED)) == "pass"
    assert result("no_issues", plain, notes=PartialList([note("bob")], DENIED)) == "unknown"
    assert result("no_issues", plain, commits=PartialList([commit()], DENIED)) == "unknown"
    both = reason("no_issues", plain, notes=lost, commits=lost)
    assert both == f"notes not read: {DENIED}; commits not read: {DENIED}"


def test_a_text_of_a_strange_kind_leaves_it_unknown() -> None:
    """It might have named one."""
    mr = merge_request(title="x", description=["#1"])
    assert result("no_issues", mr) == "unknown"
    assert result("no_issues", mr, notes=[note("bob", "#1")]) == "pass"


# Evidence


def test_every_verdict_links_to_what_shows_it() -> None:
    """One click leads to the proof."""
    verdicts = evaluate(merge_request(title="x", description="x"), clean_facts())
    assert {check: verdict.evidence for check, verdict in verdicts.items()} == {
        "no_desc": URL,
        "no_issues": URL,
        "no_time_spent": URL,
        "no_unit_tests": f"{URL}/diffs",
        "failed_pipeline": f"{URL}/pipelines",
        "no_semantic_commits": f"{URL}/commits",
        "no_internal_review": f"{URL}#note_5",
        "merge_gt_1_week": URL,
        "merge_gt_2_days": URL,
    }


def test_the_note_that_names_an_issue_is_linked() -> None:
    """A note without an id leads to the merge request."""
    plain = merge_request(title="x", description="x")
    named = evaluate(plain, facts(notes=[note("bob", "#1", id=31)]))["no_issues"]
    assert named.evidence == f"{URL}#note_31"
    named = evaluate(plain, facts(notes=[note("bob", "#1", id=None)]))["no_issues"]
    assert named.evidence == URL


def test_without_a_link_there_is_no_evidence() -> None:
    """No half of a URL."""
    verdicts = evaluate(merge_request(web_url=None), clean_facts())
    assert {verdict.evidence for verdict in verdicts.values()} == {None}


def test_an_empty_record_is_unknown_or_empty_and_never_raises() -> None:
    """Nothing is indexed."""
    lost = PartialList((), DENIED)
    results = {c: v.result for c, v in evaluate({}, Facts(lost, lost, lost, lost)).items()}
    assert set(results.values()) == {"unknown"}
