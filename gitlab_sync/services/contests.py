"""Contests: the links by which people dispute faults, and the open issues about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gitlab_sync.http.urls import encode_id
from gitlab_sync.policies.edit import waiver_toml
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.contest import Contested, Fault, contested_in, form_address, is_check_of
from gitlab_sync.rules.items.fixes import Entry
from gitlab_sync.rules.items.references import full_reference
from gitlab_sync.rules.policy import Policy
from gitlab_sync.rules.projects import compliance
from gitlab_sync.rules.projects.checks import ProjectCheck
from gitlab_sync.rules.projects.facts import Finding
from gitlab_sync.rules.waivers import Subject
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import read_all
from gitlab_sync.types import Record, TableRow

COLUMNS = (
    *("Issue", "Title", "Author", "Created", "Check", "About", "Waived Until", "Waiver"),
    *("Link", "Error"),
)
"""The columns of the table of open contests."""

NOTHING = frozenset({"Waived Until", "Waiver", "Error"})
"""The columns in which null means that there is nothing."""


def of_entry(policy: Policy, instance: str, entry: Entry) -> str | None:
    """Return the address of the form that disputes a fault of an item.

    None if the policy names no project for that, or the item has no reference. `instance` is the
    URL of the GitLab.
    """
    subject = full_reference(entry.item)
    if policy.contest_project is None or subject is None:
        return None
    fault = Fault(
        entry.check,
        subject,
        entry.verdict.reason,
        record.text(entry.item, "title") or "",
        entry.link,
        entry.verdict.evidence,
        policy.name,
    )
    return form_address(f"{instance}/{policy.contest_project}", fault)


def of_finding(
    standards: compliance.Policy,
    instance: str,
    project: Record,
    check: ProjectCheck,
    finding: Finding,
) -> str | None:
    """Return the address of the form that disputes a fault of a project, as `of_entry` does."""
    subject, place = record.text(project, "path_with_namespace"), standards.contest_project
    if place is None or not subject:
        return None
    link = record.link(project)
    fault = Fault(check, subject, finding.reason, "", link, finding.link, standards.shown_name)
    return form_address(f"{instance}/{place}", fault)


@dataclass(frozen=True, slots=True)
class ContestsQuery:
    """Which contests to list: those in a project, by its id or path. Immutable.

    The waivers that would settle them are by `by`, until `until`. Those of `policy` settle some
    already.
    """

    project: int | str
    policy: Policy
    by: str
    until: date


class ContestsReport(Report):
    """A row for each open issue that disputes a fault, the newest first. Not to be changed."""

    def sheet(self, query: ContestsQuery, instance: str) -> Sheet:
        """Return the table as exporters take it; `instance` is the URL of the GitLab."""
        meta = Meta.of_report(self, instance, f"open contests in {query.project}")
        return Sheet(
            "Contests",
            COLUMNS,
            self,
            meta,
            links={"Issue": "Link"},
            kinds={"Created": "moment"},
            nothing=NOTHING,
        )


def answer(client: Client, query: ContestsQuery) -> ContestsReport:
    """Read the open issues of the project, and return those that dispute a fault.

    Raises the error of the list if it cannot be read to its end. Thread-safe.
    """
    endpoint = f"projects/{encode_id(query.project)}/issues"
    issues = read_all(client, RestList(endpoint, {"state": "opened"}))
    found = ((each, contested_in(record.text(each, "description") or "")) for each in issues)
    rows = [_row(each, contested, query) for each, contested in found if contested is not None]
    return ContestsReport(rows, Completeness("contests", len(rows), len(rows)))


def _row(found: Record, contested: Contested, query: ContestsQuery) -> TableRow:
    name = full_reference(found)
    # Who opened the issue can have changed its mark.
    fits = is_check_of(contested.check, contested.subject)
    wanted = contested.waiver(f"contested in {name}", query.by, query.until)
    return {
        "Issue": name,
        "Title": record.text(found, "title"),
        "Author": record.author(found),
        "Created": record.text(found, "created_at"),
        "Check": contested.check,
        "About": contested.subject,
        "Waived Until": _waived_until(contested, query.policy),
        "Waiver": waiver_toml(wanted) if fits else None,
        "Link": record.link(found),
        "Error": None if fits else f"there is no such check of {contested.subject}",
    }


def _waived_until(contested: Contested, policy: Policy) -> str | None:
    path = contested.subject.replace("#", "!").partition("!")[0]
    subject = Subject(contested.subject if contested.is_item else None, path)
    waiver = policy.waivers_of_day.covering(contested.check, subject)
    return None if waiver is None else waiver.until.isoformat()
