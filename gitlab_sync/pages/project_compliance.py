"""Project compliance: how well projects meet the standards, and what to fix."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from gitlab_sync.errors import without_secrets
from gitlab_sync.pages import compliance_fields as inputs
from gitlab_sync.pages.compliance_report import show_report, show_scores
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_input_error
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.page_query import FormResult, JobAnswer, PageQuery, run_and_show
from gitlab_sync.pages.widgets.policy_field import show_policy
from gitlab_sync.pages.widgets.policy_notes import show_warnings
from gitlab_sync.pages.widgets.table_view import (
    TableOptions,
    details_of,
    show_select_hint,
    show_table,
)
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules.projects.compliance import AT_LEAST, Policy, worst_first
from gitlab_sync.rules.projects.projects_input import projects_of_csv
from gitlab_sync.run import Run
from gitlab_sync.services.compliance import ComplianceQuery, left_out, projects_sheet
from gitlab_sync.services.project_report import ComplianceReport
from gitlab_sync.services.reader import Reader

LEAD = (
    "How well projects meet your standards: documents, licence, tests, tools, security and "
    "pipeline. Each check shows its evidence and how to fix it."
)
ONE, MANY = "One project", "Many projects"


def one_project(visitor: SignIn) -> FormResult[ComplianceQuery, ComplianceReport]:
    """Show the fields for one project and return their query.

    A branch, tag or commit that the visitor entered is looked up before the run starts.
    """
    with fields.query_form("project", "Project, branch and policy", clean="project") as form:
        project = inputs.project_field(inputs.DEMO_PROJECT if visitor.is_demo else "")
        branches = inputs.find_branches(visitor, project, again=form.pressed)
        policy = inputs.standards_field()
        columns = st.columns(2)
        with columns[0]:
            ref = inputs.ref_field(project, branches)
            below_ref = st.container()
        with columns[1]:
            licences = inputs.licences_field(policy)
    chosen = inputs.with_licences(policy, licences)
    if branches is None or chosen is None:
        if form.pressed and not project:
            show_input_error("Enter a project.")
        return None, form.pressed
    if form.pressed:
        with below_ref:
            if not inputs.check_ref(visitor, branches, ref):
                return None, form.pressed
    query = ComplianceQuery((branches.project,), ref=ref, policy=chosen)
    return _page_query("project", query), form.pressed


def many_projects(visitor: SignIn) -> FormResult[ComplianceQuery, ComplianceReport]:
    """Show the fields for many projects and return their query."""
    with fields.query_form("compliance", "Projects and policy", clean="repos") as form:
        text = fields.list_with_import(
            form,
            "projects",
            "repos",
            lambda text: without_secrets(projects_of_csv(text)),
            "A column titled project, path, URL or ID, else the first column.",
            lambda: fields.lines_field(
                "Projects",
                "repos",
                "group/project\nhttps://gitlab.example.com/group/other-project\n4711",
                "One project per line: its path, URL or ID.",
            ),
        )
        policy = inputs.standards_field()
        columns = st.columns(2)
        with columns[0]:
            fields.fill_in("in_group", inputs.DEMO_GROUP if visitor.is_demo else "")
            group = fields.line_field(
                "All projects of this group and its subgroups (optional)",
                "in_group",
                "group path, ID or URL",
                "Without projects that are archived, marked for deletion, forks, or only shared "
                "with the group.",
            ).strip("/")
        with columns[1]:
            licences = inputs.licences_field(policy)
    chosen = inputs.with_licences(policy, licences)
    query = None if chosen is None or text is None else inputs.read_query(text, group, chosen)
    if query is None:
        return None, form.pressed
    if not query.projects and query.group is None:
        if form.pressed:
            show_input_error("Enter at least one project or a group.")
        return None, form.pressed
    return _page_query("compliance", query), form.pressed


def answer(reader: Reader, query: ComplianceQuery, run: Run) -> ComplianceReport:
    """Evaluate the projects."""
    return reader.compliance(query, run)


def _page_query(page: str, query: ComplianceQuery) -> PageQuery[ComplianceQuery, ComplianceReport]:
    return PageQuery(page, query.key, "projects", query, answer, "Project")


def show_one(found: JobAnswer[ComplianceQuery, ComplianceReport]) -> None:
    """Show the report on the only project."""
    query, report = found.query, found.report
    show_policy(query.policy)
    if report is not None and report.checked:
        show_report(report.checked[0], query.policy, _meta(found), "one")


def _meta(found: JobAnswer[ComplianceQuery, ComplianceReport]) -> Meta:
    query = found.query
    return found.meta(query.in_words(), query.policy.shown_name)


def show_many(found: JobAnswer[ComplianceQuery, ComplianceReport]) -> None:
    """Show the rows so far as a table and as bars, and the report on the selected project."""
    report, policy, meta = found.report, found.query.policy, _meta(found)
    show_policy(policy)
    checked = [] if report is None else report.checked
    rows = worst_first(found.rows)
    if report is not None and report.left_out:
        st.caption(f"Left out of the group: {', '.join(left_out(report))}.")
    if not rows:
        st.info("No projects found to check.", icon=":material/info:")
        return
    table, chart = st.tabs(["Table", "Chart"])
    with table:
        sheet = projects_sheet(found.query, rows, meta, checked)
        options = TableOptions(
            help_texts(policy),
            columns=("Project", "Open", "Compliance Score", AT_LEAST),
            alt="Project compliance: one row per project",
        )
        if report is not None:
            show_warnings(report.warnings)
        picked = show_table(sheet, "compliance", "Project_Compliance", options, selectable=True)
        if picked is None and not found.running:
            show_select_hint("the project's report")
    with chart:
        show_scores(rows)
    for each in checked:
        if picked is not None and each.row["Project"] == picked.row["Project"]:
            with details_of(picked):
                show_report(each, policy, meta, "many")


def help_texts(policy: Policy) -> Mapping[str, str]:
    """Return the explanation of each column of the table."""
    cells = "yes, partly, no, waived, n/a (does not apply), or ? (unknown)"
    return {
        "Compliance Score": "The weight of the checks that pass, as a percentage of the checks "
        "that pass or fail. Unknown checks are left out.",
        AT_LEAST: "The same if all unknown checks failed.",
        "Stack": "The languages of the project.",
        policy.license_title: f"Whether the licence is an allowed one: {cells}.",
        "Security": f"A secret scan and a dependency audit: {cells}.",
        "Coverage": f"Whether a minimum test coverage is set: {cells}.",
        "CI/CD": "Whether the pipeline runs tests, linter, formatter, type checker and coverage: "
        f"{cells}.",
        "Pre-commit": f"Whether checks run before each commit: {cells}.",
        "Unverified": "The number of unknown checks. The column Error says why.",
    }


visitor = current_visitor()
show_header(visitor, "Project compliance", LEAD)
if fields.choice_field("Projects to check", (ONE, MANY), "view") == ONE:
    run_and_show(
        visitor,
        "project",
        one_project(visitor),
        show_one,
        ready="Press Run to read the project and see its score.",
        incomplete="Enter a project above, then press Run.",
    )
else:
    run_and_show(
        visitor,
        "compliance",
        many_projects(visitor),
        show_many,
        ready="Press Run to read the projects and see their scores.",
        incomplete="Enter projects or a group above, then press Run.",
    )
