"""The tables of one person's profile: their titles, their columns, and the cells of a row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from gitlab_sync.rules import record
from gitlab_sync.rules.items import worklist
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.fixes import Entry
from gitlab_sync.rules.items.item import total_time_spent
from gitlab_sync.rules.items.labels import LABELS, label_name
from gitlab_sync.rules.items.references import reference
from gitlab_sync.rules.items.roles import UserItem, issue_role, merge_request_role
from gitlab_sync.rules.items.tally import NOT_EVALUATED, Verdicts
from gitlab_sync.rules.items.worklist import OpenItem
from gitlab_sync.rules.scores.work import Number, Work
from gitlab_sync.rules.shape import TEXT, TIME, Kind, Shape
from gitlab_sync.rules.text import first_line, instant
from gitlab_sync.types import Record, Scalar, TableRow

PROFILE, TO_FIX, NOT_KNOWN, WAIVED = "Profile", "To_Fix", "Not_Known", "Waived"
PERSONAL, CONTRIBUTED, COMMITS = "Personal_Projects", "Contributed_Projects", "Commits"
GROUPS, MERGE_REQUESTS, ISSUES = "Groups", "MergeRequests", "Issues"
OPEN_WORK = "Open_Work"

TABLES = {
    PERSONAL: "projects",
    CONTRIBUTED: "projects",
    COMMITS: "commits",
    GROUPS: "groups",
    MERGE_REQUESTS: "merge requests",
    ISSUES: "issues",
    OPEN_WORK: "merge requests",
}
"""The tables of a person's work: titles, in order, and the part of the data behind each."""

TITLES = (PROFILE, TO_FIX, NOT_KNOWN, *TABLES)
"""The titles of all tables of a profile, in order; policies with waivers have `WAIVED`, too."""

ENTRIES = frozenset({TO_FIX, NOT_KNOWN, WAIVED})
"""The titles of those with a row for each check of an item."""

LINK, ERROR = "Link", "Error"

NOT_ASKED = "n/a"
"""The cell of a check that does not apply: the item is open, or another person wrote it."""

_PROJECT = (
    *("Project", "Description", "Visibility", "Archived", "Created", "Last Activity", "Commits"),
)
_COMMIT = ("Commit", "Project", "Date", "Time", "Slot", "Message", "Author")
_GROUP = ("Group", "Name", "Visibility")
_MERGE_REQUEST = (
    *("Merge Request", "Title", "State", "Role", "Created", "Merged", "Closed", "Time Spent"),
)
_ISSUE = (
    *("Issue", "Title", "State", "Role", "Created", "Closed", "Labels", "Milestone"),
    "Time Spent",
)
_SHOWN = (
    *("id", "title", "state", "created_at", "merged_at", "closed_at", "labels", "milestone"),
    *("time_stats", "web_url", "references"),
)
"""The fields of a merge request or an issue that rows and links show, and its id."""

CAN_BE_FIXED = "Can Be Fixed"
"""The column that says when: now by an edit, by a follow-up, or only next time."""

_ENTRY = (
    *("Severity", "Check", "Kind", "Item", "Title", "Reason", "How to Fix", "Created"),
    *(LINK, "Evidence", ERROR),
)

NUMBERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Commits Total": ("commits", ("commits",)),
    "Commits Morning": ("morning_commits", ("commits",)),
    "Commits Afternoon": ("afternoon_commits", ("commits",)),
    "MR Total (Authored)": ("mr_created", ("merge requests",)),
    "MR Merged": ("mr_merged", ("merge requests",)),
    "MR Open": ("mr_open", ("merge requests",)),
    "MR Closed": ("mr_closed", ("merge requests",)),
    "Issue Total (Auth)": ("issues_raised", ("issues",)),
    "Issue Open": ("issues_open", ("issues",)),
    "Issue Closed": ("issues_closed", ("issues",)),
    "Groups Count": ("groups", ("groups",)),
    "Projects (Auth)": ("personal_projects", ("projects",)),
    "Projects (Contr)": ("contributed_projects", ("projects",)),
    "Time Spent": ("time_spent", ("time logs", "merge requests", "issues")),
}
"""The numbers of a profile by title: their names in `Work`, and the parts they come from."""

_PROFILE = (
    *("Username", "Name", "Id", "Status"),
    *NUMBERS,
    *("Profile README", "README Text", "Avatar", LINK, "Remarks", ERROR, "Unverified"),
)
_COLUMNS: dict[str, tuple[str, ...]] = {
    PROFILE: _PROFILE,
    TO_FIX: _ENTRY,
    NOT_KNOWN: _ENTRY,
    WAIVED: _ENTRY,
    PERSONAL: _PROJECT,
    CONTRIBUTED: _PROJECT,
    COMMITS: _COMMIT,
    GROUPS: _GROUP,
    MERGE_REQUESTS: _MERGE_REQUEST,
    ISSUES: _ISSUE,
    OPEN_WORK: worklist.COLUMNS[:-1],
}

INTEGERS = ("Id", "Commits", "Time Spent", "Unverified", *NUMBERS)
"""The columns with whole numbers, in all tables; time is in seconds."""

NOTHING = frozenset(
    {"Description", "Merged", "Closed", "Labels", "Milestone", "Message"}
    | {"How to Fix", CAN_BE_FIXED, "Evidence", "README Text", "Avatar", "Remarks", "Would Fail"}
    | {ERROR}
)
"""The columns in which null means that there is nothing, not that it is unknown."""


_END = TIME.or_null()
_SHAPES = {
    PERSONAL: Shape(fields={"description": TEXT.or_null()}),
    MERGE_REQUESTS: Shape(fields={"merged_at": _END, "closed_at": _END}),
    ISSUES: Shape(
        fields={
            "closed_at": _END,
            "labels": LABELS.or_null(),
            "milestone": Kind(
                "a milestone", lambda value: value is None or bool(_text(value, "title"))
            ),
        }
    ),
}
"""What records must have for the cells in which null means that there is nothing."""


def numbers(work: Work, cut_short: Collection[str]) -> dict[str, Number | None]:
    """Return the numbers of a profile by title, in the order of `NUMBERS`.

    A number that is unknown in `work` is None. So is a 0 from a part that was `cut_short`, since
    the rest of that part can have some.
    """
    found: dict[str, Number | None] = {}
    for title, (name, parts) in NUMBERS.items():
        number = work.count(name)
        found[title] = number if number or not any(part in cut_short for part in parts) else None
    return found


def at_least(found: Mapping[str, object], cut_short: Collection[str]) -> frozenset[str]:
    """Return the titles of the numbers that can be higher, since a part of them is `cut_short`.

    Time without its logs is not one of them: then the time of whole items counts, which others can
    have booked.
    """
    return frozenset(
        title
        for title, (_, parts) in NUMBERS.items()
        if found[title] is not None
        and any(part in cut_short for part in parts)
        and not ("time logs" in parts and "time logs" in cut_short)
    )


def columns(title: str, checks: Mapping[str, Iterable[Check]]) -> tuple[str, ...]:
    """Return the columns of a table; `checks` has those of items, by the title of their table."""
    asked = (check.title for check in checks.get(title, ()))
    return (*_COLUMNS[title], *asked, LINK, ERROR) if title in TABLES else _COLUMNS[title]


def entry_columns(*, says_when: bool = False) -> tuple[str, ...]:
    """Return the columns of `entry_row`."""
    return (*_ENTRY, CAN_BE_FIXED) if says_when else _ENTRY


def links(title: str, shown: Sequence[str]) -> dict[str, str]:
    """Return the columns that are links, each with the column that has the address."""
    if title in ENTRIES:
        return {"Item": LINK, "Reason": "Evidence"}
    return {shown[0]: LINK}


def project_row(project: Record, commits: int | None) -> TableRow:
    """Return a project's row; `commits` is the number of the person's commits, None if unknown."""
    archived = record.field(project, "archived")
    return {
        "Project": _text(project, "path_with_namespace"),
        "Description": _text(project, "description"),
        "Visibility": _text(project, "visibility"),
        "Archived": archived if isinstance(archived, bool) else None,
        "Created": _time(project, "created_at"),
        "Last Activity": _time(project, "last_activity_at"),
        "Commits": commits,
        LINK: record.link(project),
        ERROR: _SHAPES[PERSONAL].fault(project),
    }


def commit_row(commit: TableRow) -> TableRow:
    """Return a commit's row, made from a row of `rules.scores.commits`; the message is one line."""
    message = commit["message"]
    return {
        "Commit": commit["short_id"] or None,
        "Project": commit["project_name"],
        "Date": commit["date"],
        "Time": commit["time"],
        "Slot": commit["slot"],
        "Message": first_line(message) if isinstance(message, str) else None,
        "Author": commit["author_name"],
        LINK: commit["web_url"] or None,
        ERROR: None,
    }


def group_row(group: Record) -> TableRow:
    """Return the row of a group."""
    return {
        "Group": _text(group, "full_path"),
        "Name": _text(group, "name"),
        "Visibility": _text(group, "visibility"),
        LINK: record.link(group),
        ERROR: None,
    }


def merge_request_row(
    item: UserItem, verdicts: Verdicts | None, checks: Iterable[Check]
) -> TableRow:
    """Return the row of a person's merge request: their role in it, and the result of each check.

    A result is `pass`, `fail`, `waived`, null for unknown, or `NOT_ASKED` without verdicts.
    """
    mr = item.record
    return {
        "Merge Request": reference(mr),
        **_item(mr, merge_request_role(item)),
        "Merged": _time(mr, "merged_at"),
        "Closed": _time(mr, "closed_at"),
        **_evaluated(mr, verdicts, checks),
        ERROR: _SHAPES[MERGE_REQUESTS].fault(mr),
    }


def issue_row(item: UserItem, verdicts: Verdicts | None, checks: Iterable[Check]) -> TableRow:
    """Return the row of a person's issue; its results are like those of a merge request."""
    issue = item.record
    return {
        "Issue": reference(issue),
        **_item(issue, issue_role(item)),
        "Closed": _time(issue, "closed_at"),
        "Labels": ", ".join(_labels(issue)) or None,
        "Milestone": _text(record.field(issue, "milestone"), "title"),
        **_evaluated(issue, verdicts, checks),
        ERROR: _SHAPES[ISSUES].fault(issue),
    }


def open_work_row(item: OpenItem) -> TableRow:
    """Return the row of an open merge request; what is unknown of it, its `Why` says."""
    return {**item.row, ERROR: None}


def entry_row(entry: Entry, *, says_when: bool = False) -> TableRow:
    """Return the row of a fault, waived or not, or of an unknown check.

    With `says_when` it has when a fault can be fixed.
    """
    fails = entry.verdict.result == "fail"
    return {
        "Severity": entry.check.severity,
        "Check": entry.check.title,
        "Kind": entry.kind,
        "Item": reference(entry.item),
        "Title": _text(entry.item, "title"),
        "Reason": entry.verdict.reason,
        "How to Fix": entry.check.how_to_fix if fails else None,
        "Created": _time(entry.item, "created_at"),
        LINK: entry.link,
        "Evidence": entry.verdict.evidence,
        ERROR: None,
        **({CAN_BE_FIXED: entry.check.fix if fails else None} if says_when else {}),
    }


def shown_fields(item: Record) -> Record:
    """Return the fields of a merge request or an issue that the rows here show."""
    return {name: item[name] for name in _SHOWN if name in item}


def _item(item: Record, role: str) -> TableRow:
    return {
        "Title": _text(item, "title"),
        "State": record.state(item),
        "Role": role,
        "Created": _time(item, "created_at"),
    }


def _labels(issue: Record) -> list[str]:
    labels = record.field(issue, "labels")
    return [*filter(None, map(label_name, labels))] if LABELS.fits(labels) else []


def _evaluated(item: Record, verdicts: Verdicts | None, checks: Iterable[Check]) -> TableRow:
    return {
        "Time Spent": total_time_spent(record.field(item, "time_stats")),
        **{check.title: _cell(check, verdicts) for check in checks},
        LINK: record.link(item),
    }


def _cell(check: Check, verdicts: Verdicts | None) -> Scalar:
    if verdicts is None:
        return NOT_ASKED
    result = verdicts.get(check.id, NOT_EVALUATED).result
    return None if result == "unknown" else result


def _text(thing: object, key: str) -> str | None:
    return record.text(thing, key) or None


def _time(thing: object, key: str) -> str | None:
    text = _text(thing, key)
    return None if instant(text) is None else text
