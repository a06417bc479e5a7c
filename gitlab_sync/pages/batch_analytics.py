"""Batch analytics: the work of many people, one row for each person, with the items behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from gitlab_sync.pages.batch_items import show_items
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.cell_looks import RANK, CellLooks
from gitlab_sync.pages.widgets.error_panel import show_input_error
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.page_query import FormResult, JobAnswer, PageQuery, run_and_show
from gitlab_sync.pages.widgets.policy_field import policy_field, show_policy
from gitlab_sync.pages.widgets.policy_notes import show_warnings
from gitlab_sync.pages.widgets.table_view import (
    NAME_WIDTH,
    TableOptions,
    details_of,
    show_select_hint,
    show_table,
)
from gitlab_sync.pages.widgets.times import visitor_zone
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.scores import unified
from gitlab_sync.run import Run
from gitlab_sync.services.people_report import PeopleQuery, PeopleReport, PersonAnswer
from gitlab_sync.services.people_sheet import people_sheet
from gitlab_sync.services.reader import Reader
from gitlab_sync.types import TableRow

PAGE = "batch"
TITLE = "Unified_Batch_Report"
RANK_HELP = (
    "By the share of faults: 1, and one more for each person with a share that is surely higher. "
    "People who cannot be told apart share a rank."
)
LEAD = (
    "The faults in the merge requests and issues of many people, with their commits, projects and "
    "groups: one row for each person, the largest share of faults first."
)


def answer(reader: Reader, query: PeopleQuery, run: Run) -> PeopleReport:
    """Read and evaluate the work of these people."""
    return reader.users(query, run)


def show_fields(visitor: SignIn) -> FormResult[PeopleQuery, PeopleReport]:
    """Show the fields and return their query."""
    demo_people = "\n".join(get_demo().people) if visitor.is_demo else ""
    with fields.query_form(PAGE, "People, projects and dates") as form:
        text = fields.list_with_import(
            form,
            "people",
            "users",
            fields.people_of_csv,
            "A column titled username, gitlab username or user, and optionally one titled college.",
            lambda: fields.people_field(
                "users",
                demo_people,
                "alice\nbob, Riverside College",
                "One GitLab username per line. After a comma you can add the person's college.",
            ),
        )
        groups, projects = fields.group_and_projects()
        days = fields.dates_fields()
        policy = policy_field()
        quick = fields.quick_switch(form)
    people = fields.read_people(text or "")
    period = fields.read_period(*days)
    if not fields.check_people(people) or period is None or text is None:
        return None, form.pressed
    if not people.people and not groups:
        if form.pressed:
            show_input_error("Enter at least one username or a group.")
        return None, form.pressed
    query = PeopleQuery(
        people.people, groups, projects, period, quick, zone=visitor_zone(), policy=policy
    )
    return PageQuery(PAGE, query.key, "people", query, answer, shows_empty=True), form.pressed


def show_people(found: JobAnswer[PeopleQuery, PeopleReport]) -> None:
    """Show the rows so far, and the items behind the selected one."""
    query, report = found.query, found.report
    show_policy(query.policy)
    meta = found.meta(query.in_words(), query.policy.shown_name)
    answers: Mapping[str, PersonAnswer] = {}
    if report is not None:
        meta, answers = report.meta(found.instance), report.people
        fields.show_unknown_projects(report.unknown_projects)
        for remark in report.remarks:
            st.caption(f"{remark[0].upper()}{escaped(remark[1:])}.")
        show_warnings(report.warnings)

    def unknown(row: TableRow) -> Mapping[str, int]:
        person = answers.get(str(row["Username"]))
        return {} if person is None else person.unknown

    def waived(row: TableRow) -> Mapping[str, int]:
        person = answers.get(str(row["Username"]))
        return {} if person is None else person.waived

    status = ["Status"] if any(row["Status"] != "Success" for row in found.rows) else []
    options = TableOptions(
        help={**unified.help_texts(query.policy), RANK: RANK_HELP},
        looks=CellLooks(
            unknown,
            unified.totals(query.policy),
            exact=query.policy.merge_requests.shares,
            waived=waived,
        ),
        columns=("Username", RANK, *status, *unified.TOTALS, "Profile", "Open"),
        hides_empty=query.columns,
        widths={"Username": NAME_WIDTH},
        app_links={"Profile": partial(profile_link, query)},
        alt="Batch analytics: one row for each person, the worst first, with faults by check",
        shows_empty=found.running,
    )
    sheet = people_sheet(query, found.rows, meta)
    picked = show_table(sheet, PAGE, TITLE, options, selectable=True)
    if picked is not None and report is not None:
        with details_of(picked):
            person = person_of(found, report, str(picked.row["Username"]))
            if person is not None:
                profile = profile_link(query, picked.row)
                show_items(person, meta, found.instance, profile, picked.column)
    elif not found.running:
        show_select_hint("its items, or a number to see only those that it counts")


def person_of(
    found: JobAnswer[PeopleQuery, PeopleReport], report: PeopleReport, username: str
) -> PersonAnswer | None:
    """Return a person with their items, which are read now if the report does not have them.

    None if they cannot be read now, and the page says why.
    """
    person = report.people[username]
    if person.has_items:
        return person
    alone = replace(report.query, people=(Person(username),), groups=())
    more = found.ask_more(username, lambda reader: reader.users(alone, Run()))
    return None if more is None else more.people[username]


def profile_link(query: PeopleQuery, row: TableRow) -> str | None:
    """Return the path of this app's profile of a person, for the same projects and days."""
    if row["Status"] in {"Not Found", "Error"}:
        return None
    zone, period = visitor_zone(), query.period
    fields_of_profile = {
        "user": row["Username"],
        "projects": ",".join(map(str, query.projects)),
        "since": period.start and period.start.astimezone(zone).date(),
        "until": period.end and period.end.astimezone(zone).date(),
        "policy": query.policy.name,
        "quick": "true" if query.quick else "",
    }
    return f"profile?{urlencode({key: each for key, each in fields_of_profile.items() if each})}"


visitor = current_visitor()
show_header(visitor, "Batch analytics", LEAD)
run_and_show(
    visitor,
    PAGE,
    show_fields(visitor),
    show_people,
    ready="Press Run to read the work of these people.",
    incomplete="Enter the usernames of the people to look up, then press Run.",
)
