"""Project compliance: how well one project, or many, are kept, and what is to be mended."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from gitlab_sync.pages import compliance_fields as inputs
from gitlab_sync.pages.compliance_report import show_report, show_scores
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.frame import begin
from gitlab_sync.pages.widgets.page_query import Asked, Look, PageQuery, ask_and_show
from gitlab_sync.pages.widgets.table_view import Extras, show_sheet
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules.projects.compliance import Policy, worst_first
from gitlab_sync.services import compliance as answers
from gitlab_sync.services.compliance import ComplianceQuery, left_out, projects_sheet
from gitlab_sync.services.project_report import ComplianceReport

LEAD = (
    "How well projects are kept: documents, licence, tests, tools, security and pipeline, each "
    "check with what shows it and how to fix it."
)
ONE, MANY = "One project", "Many projects"


def one_project(sign_in: SignIn, policy: Policy) -> Asked[ComplianceQuery, ComplianceReport]:
    """Show the fields for one project, and return what they ask.

    A branch, tag or commit that was typed in is looked for before anything is judged.
    """
    project = inputs.project_field(inputs.DEMO_PROJECT if sign_in.is_demo else "")
    branches = inputs.find_branches(sign_in, project)
    with st.form("one"):
        columns = st.columns(2)
        with columns[0]:
            ref = inputs.ref_field(branches)
            refused = st.container()
        with columns[1]:
            licences = inputs.licences_field(policy)
        pressed = fields.run_button()
    chosen = inputs.read_policy(licences, policy)
    if branches is None or chosen is None:
        if pressed and not project:
            st.error("Type in a project first.", icon=":material/error:")
        return None, pressed
    if pressed:
        with refused:
            if not inputs.check_ref(sign_in, branches, ref):
                return None, pressed
    question = ComplianceQuery((branches.project,), ref=ref, policy=chosen)
    return _asking("project", question), pressed


def many_projects(sign_in: SignIn, policy: Policy) -> Asked[ComplianceQuery, ComplianceReport]:
    """Show the fields for many projects, and return what they ask."""
    inputs.upload_projects()
    with st.form("many"):
        text = inputs.projects_area()
        columns = st.columns(2)
        with columns[0]:
            group = inputs.group_field(inputs.DEMO_GROUP if sign_in.is_demo else "")
        with columns[1]:
            licences = inputs.licences_field(policy)
        pressed = fields.run_button(clean="repos")
    chosen = inputs.read_policy(licences, policy)
    question = None if chosen is None else inputs.read_question(text, group, chosen)
    if question is None:
        return None, pressed
    if not question.projects and question.group is None:
        if pressed:
            st.error("Type in at least one project, or a group, first.", icon=":material/error:")
        return None, pressed
    return _asking("compliance", question), pressed


def _asking(page: str, question: ComplianceQuery) -> PageQuery[ComplianceQuery, ComplianceReport]:
    return PageQuery(page, question.key, "projects", question, answers.answer, "Project")


def show_one(look: Look[ComplianceQuery, ComplianceReport]) -> None:
    """Show the report on the only project."""
    if look.report is not None and look.report.checked:
        show_report(look.report.checked[0], look.query.policy, _meta(look), "one")


def show_many(look: Look[ComplianceQuery, ComplianceReport]) -> None:
    """Show the rows so far, as a table and as bars, and behind a picked one its report."""
    report, policy = look.report, look.query.policy
    checked = [] if report is None else report.checked
    rows = worst_first(look.rows)
    if report is not None and report.left_out:
        st.caption(f"Left out of the group: {', '.join(left_out(report))}.")
    if not rows:
        st.info("No project was found that could be judged.", icon=":material/info:")
        return
    table, chart = st.tabs(["Table", "Chart"])
    with table:
        sheet = projects_sheet(look.query, rows, _meta(look), checked)
        extras = Extras(help_texts(policy), alt="Project compliance: a row for each project")
        row = show_sheet(sheet, "compliance", "Project_Compliance", extras, selectable=True)
        if row is None and not look.running:
            st.caption("Pick a row, in the box before it, to see the project's report.")
    with chart:
        show_scores(rows)
    for each in checked:
        if row is not None and each.row["Project"] == row["Project"]:
            show_report(each, policy, _meta(look), "many")


def _meta(look: Look[ComplianceQuery, ComplianceReport]) -> Meta:
    return Meta(look.as_of, look.instance, look.completeness, look.query.in_words())


def help_texts(policy: Policy) -> Mapping[str, str]:
    """Return what each column of the table means."""
    cells = "yes, partly, no, n/a (does not apply), or ? (not known)"
    return {
        "Compliance Score": "The weight of the checks that pass, in percent of those that pass or "
        "fail. What is unknown counts for neither.",
        "Stack": "The languages of the project.",
        policy.license_title: f"Whether its licence is an allowed one: {cells}.",
        "Security": f"A scan for secrets, and an audit of dependencies: {cells}.",
        "Coverage": f"Whether a least coverage of the tests is set: {cells}.",
        "CI/CD": "Whether the pipeline runs tests, linter, formatter, type checker and coverage: "
        f"{cells}.",
        "Pre-commit": f"Whether checks run before each commit: {cells}.",
        "Unverified": "How many checks are unknown; the column Error says why.",
    }


visitor = begin("Project compliance", LEAD)
server_policy = inputs.policy_of_server()
view = st.segmented_control(
    "What to judge",
    (ONE, MANY),
    default=ONE,
    required=True,
    key="view",
    label_visibility="collapsed",
    bind="query-params",
)
fields_of = one_project if view == ONE else many_projects
page, what, show = "project", "project", show_one
if view == MANY:
    page, what, show = "compliance", "projects", show_many
ask_and_show(
    visitor,
    page,
    fields_of(visitor, server_policy),
    show,
    ready=f"Press Run to read the {what} and see the score.",
    lacking=f"Say above which {what} to judge, and press Run.",
)
