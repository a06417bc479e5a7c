"""Batch analytics: merge requests and issues of many people, a row for each."""

from __future__ import annotations

import streamlit as st

from gitlab_sync.api.scope import Kind
from gitlab_sync.pages.answering import ask, show_answers
from gitlab_sync.pages.connection import current_sign_in
from gitlab_sync.pages.demo import get_demo
from gitlab_sync.pages.question import By, Question, read_usernames
from gitlab_sync.pages.trouble import literal
from gitlab_sync.sessions import SignIn

# The page's address shows choices as they are labelled, so these words are part of old links.
KINDS: dict[str, tuple[Kind, ...]] = {
    "both": ("merge_requests", "issues"),
    "merge requests": ("merge_requests",),
    "issues": ("issues",),
}
SCOPES: dict[str, By] = {"author": "author", "assignee": "assignee"}
MOST_PEOPLE = 2000  # they all have to fit into the page's address
MOST_SHOWN = 5


def show_fields(sign_in: SignIn) -> tuple[list[Question], bool]:
    """Show the form; return the questions that it asks, and whether Run was pressed.

    The fields stand in the page's address, so that a link leads to the same question.
    """
    people = "\n".join(get_demo().people) if sign_in.is_demo else ""
    with st.form("batch"):
        names = st.text_area(
            "GitLab usernames",
            value=people,
            height=140,
            key="users",
            placeholder="alice\nbob",
            help="One a line, or parted by commas or spaces.",
            bind="query-params",
        )
        columns = st.columns(2)
        project = columns[0].text_input(
            "Only this project (optional)",
            key="project",
            placeholder="group/project, or its number",
            help="If project and group are given, the project counts.",
            bind="query-params",
        )
        group = columns[1].text_input(
            "Only this group (optional)",
            key="group",
            placeholder="group, or its number",
            help="Its subgroups count, too.",
            bind="query-params",
        )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            scope = st.segmented_control(
                "Where they are the",
                list(SCOPES),
                default="author",
                required=True,
                key="scope",
                bind="query-params",
            )
            kind = st.segmented_control(
                "What to read",
                list(KINDS),
                default="both",
                required=True,
                key="kind",
                bind="query-params",
            )
            pressed = st.form_submit_button("Run", type="primary", icon=":material/play_arrow:")
    good, impossible = read_usernames(names or "")
    if impossible:
        shown = ", ".join(literal(word) for word in impossible[:MOST_SHOWN])
        more = len(impossible) - MOST_SHOWN
        st.error(
            f"{shown}{f' and {more} more' if more > 0 else ''} cannot be a GitLab username: it has "
            "letters, digits, and the signs `_` `-` `.` only. Mend the list, and run again.",
            title="Not a username",
            icon=":material/error:",
        )
        return [], False
    if len(good) > MOST_PEOPLE:
        st.error(f"{len(good)} people are more than the {MOST_PEOPLE} that one run may have.")
        return [], False
    if not good:
        if pressed:
            st.error("Type in at least one username first.", icon=":material/error:")
        return [], False
    # What arrives from a browser need not be one of the choices.
    by = SCOPES.get(scope or "", "author")
    kinds = KINDS.get(kind or "", KINDS["both"])
    return [Question.about(each, good, project or "", group or "", by) for each in kinds], pressed


visitor = current_sign_in()
if visitor is None:
    st.stop()

st.title("Batch analytics")
if visitor.is_demo:
    st.info(
        "The people, projects and numbers on this page are made up.",
        title="Demo data",
        icon=":material/science:",
    )
wanted, run_pressed = show_fields(visitor)
if run_pressed:
    ask(visitor, wanted)
if not show_answers(visitor, wanted):
    st.caption(
        "Press Run to read the work of these people."
        if wanted
        else "Type in the usernames of the people whose work you want to see, and press Run."
    )
