"""The rows of each table of a snapshot, made of what was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from gitlab_sync.api.commits import DividedProject
from gitlab_sync.api.profile_readme import ProfileReadme
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.as_of import item_key
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.labels import LABELS, label_name
from gitlab_sync.rules.items.open_work import Turn
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.worklist import OpenItem
from gitlab_sync.rules.scores.commits import written_at
from gitlab_sync.rules.scores.reviews import VALUES
from gitlab_sync.rules.slots import Slots
from gitlab_sync.rules.text import first_line
from gitlab_sync.services.people_data import PersonData
from gitlab_sync.services.project_report import Checked
from gitlab_sync.session.result import Result
from gitlab_sync.snapshots import faults, records
from gitlab_sync.snapshots.taking import Evaluated, SnapshotQuery, Taken
from gitlab_sync.types import Record

Cells: TypeAlias = dict[str, Any]
"""One row: the cells by the names of the columns; a column that is not in it is null."""


class TableRows:
    """The rows of each table, under its name."""

    def __init__(self, query: SnapshotQuery, taken: Taken) -> None:
        self._query = query
        self._taken = taken
        self._people = sorted(taken.read.people, key=lambda each: username_key(each.query.username))
        self._mrs = _in_order(self._people, "merge_requests", taken.merge_requests)
        self._issues = _in_order(self._people, "issues", taken.issues)

    def people(self) -> Iterator[Cells]:
        """Yield a row for each person."""
        colleges = {person.key: person.college for person in self._taken.people}
        for each in self._people:
            key = username_key(each.query.username)
            readme = self._taken.readmes.get(each.query.username, Result())
            college = colleges.get(key) or None
            yield {"college": college, **_person(key, each), **_readme(readme)}

    def merge_requests(self) -> Iterator[Cells]:
        """Yield a row for each merge request."""
        rows = _items(self._mrs, records.MERGE_REQUEST)
        for each, cells in zip(self._mrs, rows, strict=True):
            yield {**cells, **_open(each.kept.open)}

    def issues(self) -> Iterator[Cells]:
        """Yield a row for each issue."""
        return _items(self._issues, records.ISSUE)

    def checks(self) -> Iterator[Cells]:
        """Yield a row for each verdict."""
        policy = self._query.policy
        yield from _checks("merge request", self._mrs, policy.merge_requests)
        yield from _checks("issue", self._issues, policy.issues)

    def commits(self) -> Iterator[Cells]:
        """Yield a row for each commit."""
        divided = self._taken.read.commits
        for project in divided.projects:
            yield from _commits(project, self._query.policy.terms.slots)

    def time_logs(self) -> Iterator[Cells]:
        """Yield a row for each time log."""
        for person in self._people:
            for log in person.time_logs.value or ():
                item = log.get("issue") or log.get("merge_request")
                yield {
                    "person": username_key(person.query.username),
                    "item": record.link(item),
                    **records.TIME_LOG.packed(log),
                }

    def projects(self) -> Iterator[Cells]:
        """Yield a row for each project."""
        read = {str(each.project.get("id")): each for each in self._taken.read.commits.projects}
        known = {
            str(project.get("id")): project
            for person in self._people
            for project in person.own_projects
        }
        for key, project in ({key: each.project for key, each in read.items()} | known).items():
            divided = read.get(key)
            yield {
                "key": key,
                **records.PROJECT.packed(project),
                "commits_read": divided is not None,
                "commits_doubt": None if divided is None else divided.missing,
                "commits_errors": None if divided is None else faults.packed(divided.errors),
            }

    def project_checks(self) -> Iterator[Cells]:
        """Yield a row for each check of each project."""
        for group, report in self._taken.checked.items():
            for each in report.checked:
                yield from _project_checks(group, each)

    def reviews(self) -> Iterator[Cells]:
        """Yield a row for each merged merge request."""
        for each in self._mrs:
            found = each.kept.measured
            if found is not None:
                yield {
                    "row": each.row,
                    "author": found.author,
                    "project": found.project,
                    "merged": found.merged,
                    **{name: found.values.get(name) for name in VALUES},
                    "unknown": [name for name in VALUES if name not in found.values],
                    "reviews": [
                        {"reviewer": one.reviewer, "author": one.author, "seconds": one.seconds}
                        for one in found.reviews
                    ],
                    "unread": found.unread,
                    "waived": found.waived,
                    "errors": faults.packed(each.kept.errors),
                }

    def members(self) -> Iterator[Cells]:
        """Yield a row for each member of each group."""
        for each in self._taken.members:
            group = self._taken.groups[each.group]
            yield {
                "group": each.group,
                "group_id": record.number_id(group),
                "group_name": record.text(group, "name") or None,
                "group_path": record.text(group, "full_path") or None,
                "direct": each.direct,
                "id": record.number_id(each.record),
                **{
                    key: record.text(each.record, key) or None
                    for key in ("username", "name", "email", "avatar_url", "web_url")
                },
            }


class _Placed:
    """An item with its number in the snapshot, and the people that have it in their lists."""

    def __init__(self, row: int, kept: Evaluated) -> None:
        self.row = row
        self.kept = kept
        self.authored_by: str | None = None
        self.assigned_to: list[str] = []


def _in_order(
    people: Sequence[PersonData], kind: str, kept: Mapping[object, Evaluated]
) -> list[_Placed]:
    """Return the items as they are written: by the person who wrote them, the newest first."""
    found: dict[object, _Placed] = {}
    for role in ("authored", "assigned"):
        for person in people:
            items: UserItems | None = getattr(person, kind).value
            key = username_key(person.query.username)
            for each in () if items is None else items.items:
                mark = item_key(each.record)
                if getattr(each, role) and mark in kept:
                    placed = found.setdefault(mark, _Placed(len(found), kept[mark]))
                    if role == "authored":
                        placed.authored_by = placed.authored_by or key
                    else:
                        placed.assigned_to.append(key)
    return list(found.values())


def _items(placed: Iterable[_Placed], layout: records.Layout) -> Iterator[Cells]:
    for each in placed:
        yield {
            "row": each.row,
            "project": records.project_path(each.kept.item),
            "authored_by": each.authored_by,
            "assigned_to": each.assigned_to,
            **layout.packed(_with_names(each.kept.item)),
            "errors": faults.packed(each.kept.errors),
        }


def _open(item: OpenItem | None) -> Cells:
    if item is None:
        return {}
    known = item.turn if isinstance(item.turn, Turn) else None
    return {
        "age": item.row["Age"],
        "idle": item.row["Idle"],
        "waiting_for": None if known is None else known.waiting_for,
        "waiting_on": None if known is None else list(known.who),
        "waiting_since": None if known is None else known.since,
        "waiting_why": item.turn if isinstance(item.turn, str) else item.turn.why,
        "would_fail": item.row["Would Fail"],
        "open_whole": item.whole,
    }


def _with_names(item: Record) -> Record:
    """Return an item with labels as texts where they were objects with names."""
    labels = item.get("labels")
    if not labels or not LABELS.fits(labels) or all(isinstance(each, str) for each in labels):
        return item
    return {**item, "labels": [*filter(None, map(label_name, labels))]}


def _checks(kind: str, placed: Iterable[_Placed], rules: RuleSet) -> Iterator[Cells]:
    checks: dict[str, Check] = {check.id: check for check in rules.checks}
    for each in placed:
        counted = rules.with_waivers(each.kept.item, each.kept.verdicts, None)
        for name, raw in each.kept.verdicts.items():
            verdict = counted[name]
            check = checks.get(name)
            fails = raw.result == "fail"
            yield {
                "kind": kind,
                "row": each.row,
                "check": name,
                "result": verdict.result,
                "reason": raw.reason,
                "evidence": raw.evidence,
                "pending": raw.pending,
                "fix": check.fix if fails and check is not None else None,
                "waived_by": None if verdict.waiver is None else verdict.waiver.by,
            }


def _person(key: str, person: PersonData) -> Cells:
    user = {} if person.user is None else person.user
    found = True if person.user is not None else None if person.error is not None else False
    projects, groups = person.projects.value, person.groups.value
    mrs, issues, logs = person.merge_requests, person.issues, person.time_logs
    return {
        "key": key,
        "asked": person.query.username,
        "found": found,
        **(records.USER.packed(user) if person.user is not None else {}),
        "personal_projects": _ids(None if projects is None else projects.personal),
        "contributed_projects": _ids(None if projects is None else projects.contributed),
        "groups": None if groups is None else [_group(each) for each in groups],
        "groups_whole": None if groups is None else groups.complete,
        "merge_requests_read": mrs.value is not None,
        "issues_read": issues.value is not None,
        "time_logs_read": logs.value is not None,
        "errors": faults.packed([person.error]),
        "projects_errors": faults.packed(
            [person.projects.error] if projects is None else projects.errors
        ),
        "groups_errors": faults.packed([person.groups.error]),
        "merge_requests_errors": faults.packed(_errors(mrs.value, mrs.error)),
        "issues_errors": faults.packed(_errors(issues.value, issues.error)),
        "time_logs_errors": faults.packed([logs.error]),
        "time_errors": faults.packed([person.daily_time.error]),
    }


def _readme(found: Result[ProfileReadme]) -> Cells:
    errors, readme = faults.packed([found.error]), found.value
    parts = ("text", "path", "link", "public")
    return {"readme_errors": errors} | {
        f"readme_{name}": getattr(readme, name, None) for name in parts
    }


def _errors(items: UserItems | None, error: GitLabSyncError | None) -> Iterable[GitLabSyncError]:
    return items.errors if items is not None else [] if error is None else [error]


def _ids(projects: Iterable[Record] | None) -> list[int] | None:
    return None if projects is None else [int(project["id"]) for project in projects]


def _group(group: Record) -> Cells:
    texts = {key: record.text(group, key) for key in ("full_path", "name", "visibility", "web_url")}
    return {"id": record.number_id(group), **texts}


def _commits(project: DividedProject, slots: Slots) -> Iterator[Cells]:
    sets = {"merge": project.merges, "bot": project.bots, "other": project.others}
    parts: list[tuple[str, str | None, object, Record]] = [
        ("person", key, None, commit) for key, found in project.people.items() for commit in found
    ]
    parts += (
        (next((name for name, ids in sets.items() if mark in ids), "unmatched"), None, mark, commit)
        for mark, commit in project.apart.items()
    )
    number = record.number_id(project.project)
    for credit, person, mark, commit in parts:
        moment = written_at(commit)
        signature = project.unmatched.get(mark)
        yield {
            "project_id": number,
            "project_key": str(project.project.get("id")),
            "credit": credit,
            "person": person,
            "day": None if moment is None else moment.date(),
            "slot": None if moment is None else slots.of(moment.time()),
            **records.COMMIT.packed(_titled(commit)),
            **({} if signature is None else dict(zip(_SIGNED, signature, strict=True))),
        }


_SIGNED = ("author_name", "author_email")


def _titled(commit: Record) -> Record:
    """Return a commit with the first line of its message as the title: no more is kept."""
    text = record.text(commit, "message") or record.text(commit, "title") or ""
    return {**commit, "title": first_line(text)}


def _project_checks(group: str, checked: Checked) -> Iterator[Cells]:
    report, project = checked.report, checked.project
    of_all: Cells = {
        "group": group,
        "asked": checked.asked,
        "errors": faults.packed(checked.errors),
    }
    if report is None:
        yield of_all
        return
    of_all |= {
        "project": record.text(project, "path_with_namespace") or None,
        "project_id": record.number_id(project),
        "web_url": record.link(project),
        "ref": checked.ref,
        "stack": list(report.stack),
    }
    for check, finding in report.findings.items():
        yield {
            **of_all,
            "check": check,
            "result": finding.result,
            "share": float(finding.share),
            "reason": finding.reason,
            "path": finding.path,
            "line": finding.line,
            "link": finding.link,
            "causes": list(finding.causes),
            "waived_by": None if finding.waiver is None else finding.waiver.by,
        }
