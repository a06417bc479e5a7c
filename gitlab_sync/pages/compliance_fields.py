"""The fields of the page on compliance: which projects, at which branch, by which policy.

All stand in the page's address, so that a link leads to the same question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

import streamlit as st

from gitlab_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    GitLabSyncError,
    without_secrets,
)
from gitlab_sync.pages.state.connection import connect, secrets_of_server, sign_out_refused
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import escaped, show_error
from gitlab_sync.rules.projects.compliance import DEFAULT_POLICY, Policy
from gitlab_sync.rules.projects.projects_input import (
    ProjectsInput,
    parse_projects,
    project_fault,
    projects_of_csv,
)
from gitlab_sync.services import compliance as answers
from gitlab_sync.services.compliance import Branches, ComplianceQuery

DEMO_PROJECT = "harbour/tools/mooring"
DEMO_GROUP = "harbour"

MOST_PROJECTS = 1000
"""Projects of one question: more do not fit into the page's address."""

LICENCES = (
    "AGPL-3.0",
    "GPL-3.0",
    "GPL-2.0",
    "LGPL-3.0",
    "MPL-2.0",
    "EUPL-1.2",
    "Apache-2.0",
    "MIT",
    "BSD-3-Clause",
    "BSD-2-Clause",
    "ISC",
    "CC0-1.0",
)
"""The licences that are offered; any other can be typed in."""

_FOUND = "_branches_found"
_SPDX = re.compile(r"[A-Za-z0-9.+-]+")

_Found: TypeAlias = Branches | GitLabSyncError


# -- the policy ------------------------------------------------------------------------------------


def policy_of_server() -> Policy:
    """Return the policy that the server's operator wrote down; the usual one where nothing is."""
    try:
        return read_setting(secrets_of_server().get("compliance", {}))
    except ConfigurationError as error:
        show_error("This server's policy is wrong, so the usual one counts", error)
        return DEFAULT_POLICY


def read_setting(setting: object) -> Policy:
    """Return the policy of a table of settings; ConfigurationError for what can be none."""
    if not isinstance(setting, Mapping):
        raise ConfigurationError("compliance in the secrets is no table of settings")
    return Policy.from_setting(setting)


def licences_field(policy: Policy) -> list[str]:
    """Show the field for other licences than those of the policy, and return those chosen."""
    return st.multiselect(
        "Allowed licences (optional)",
        LICENCES,
        key="licences",
        placeholder=f"{policy.license_title}, unless you choose",
        help="Licences by their SPDX identifiers; others can be typed in. AGPL-3.0 and the like "
        "stand for both of their forms, -only and -or-later.",
        accept_new_options=True,
        bind="query-params",
    )


def read_policy(licences: list[str], policy: Policy) -> Policy | None:
    """Return the policy with these licences; None, and why, for one that cannot be."""
    wrong = [name for name in licences if not _SPDX.fullmatch(name)]
    if wrong:
        fields.show_faults(wrong, "Not an SPDX identifier, such as MIT or AGPL-3.0")
        return None
    return answers.policy_of(licences, policy)


# -- one project -----------------------------------------------------------------------------------


def project_field(default: str) -> str:
    """Show the field for one project and return its text."""
    fields.fill_in("project", default)
    text = st.text_input(
        "Project",
        key="project",
        placeholder="group/project, or its number or address",
        on_change=_take_project,
        bind="query-params",
    )
    return (text or "").strip()


def _take_project() -> None:
    fields.hide_secrets("project")
    # A branch of the project before means nothing in another.
    st.session_state["ref"] = None


def find_branches(sign_in: SignIn, project: str) -> Branches | None:
    """Return the project's branches, read once while its name stays; None, and why, if it has none.

    Nothing is asked for a name that can be no project.
    """
    if not project:
        return None
    fault = project_fault(project)
    if fault is not None:
        st.error(escaped(fault), icon=":material/error:")
        return None
    found = _read_branches(sign_in, project)
    if isinstance(found, GitLabSyncError):
        show_error("This project cannot be read", found)
        if st.button("Try again", icon=":material/refresh:"):
            st.session_state.pop(_FOUND, None)
            st.rerun()
        return None
    if found.error is not None:
        show_error("Its branches cannot be read, but one can be typed in", found.error)
    elif not found.names:
        st.caption("Its repository is empty: there is no branch yet, and little to judge.")
    return found


def _read_branches(sign_in: SignIn, project: str) -> _Found:
    key = (sign_in.handle, project)
    kept: tuple[tuple[str, str], _Found] | None = st.session_state.get(_FOUND)
    if kept is None or kept[0] != key:
        kept = st.session_state[_FOUND] = (key, _ask_branches(sign_in, project))
    return kept[1]


def _ask_branches(sign_in: SignIn, project: str) -> _Found:
    try:
        with st.spinner("Looking for its branches…"):
            return answers.branches_of(connect(sign_in).client, project)
    except AuthenticationError:
        sign_out_refused(sign_in)
    except GitLabSyncError as error:
        return error


def ref_field(branches: Branches | None) -> str | None:
    """Show the field for the branch and return what was chosen; None is the default branch."""
    names = () if branches is None else branches.names
    default = names[0] if names else "the default branch"
    chosen = st.selectbox(
        "Branch, tag or commit",
        names,
        index=None,
        key="ref",
        placeholder=f"{default} (default)" if names else default,
        help="Pick a branch, or type in a tag or a commit.",
        disabled=branches is None,
        accept_new_options=True,
        bind="query-params",
    )
    return None if chosen is None or chosen in names[:1] else chosen.strip() or None


def check_ref(sign_in: SignIn, branches: Branches, ref: str | None) -> bool:
    """Say whether there is such a branch, tag or commit, and show it if there is none."""
    if ref is None or ref in branches.names:
        return True
    try:
        there = answers.has_ref(connect(sign_in).client, branches.project, ref)
    except GitLabSyncError as error:
        show_error("This branch, tag or commit cannot be read", error)
        return False
    if not there:
        st.error(
            f"{escaped(branches.project)} has no branch, tag or commit “{escaped(ref)}”.",
            icon=":material/error:",
        )
    return there


# -- many projects ---------------------------------------------------------------------------------


def upload_projects() -> None:
    """Show the field for a file with projects, which go into the field below."""
    with st.expander("Take projects from a file", icon=":material/upload_file:"):
        fields.upload_into(
            "repos",
            "CSV file with projects",
            ("csv", "txt"),
            lambda text: without_secrets(projects_of_csv(text)),
            "A column titled project, path, URL or ID; else the first one. They are put into the "
            "field below.",
        )


def projects_area() -> str:
    """Show the field for projects and return its text."""
    text = st.text_area(
        "Projects",
        height=140,
        key="repos",
        placeholder="group/project\nhttps://gitlab.example.com/group/other-project\n4711",
        help="One a line: its path, its address, or its number.",
        bind="query-params",
    )
    return text or ""


def group_field(default: str) -> str:
    """Show the field for a group and return its text."""
    fields.fill_in("in_group", default)
    text = st.text_input(
        "All projects of this group and its subgroups (optional)",
        key="in_group",
        placeholder="group, or its number or address",
        help="Without those that are archived, marked for deletion, forks, or only shared with it.",
        bind="query-params",
    )
    return (text or "").strip().strip("/")


def check_projects(found: ProjectsInput) -> bool:
    """Show what is wrong with the projects that were named; say whether they can be judged."""
    if found.faults:
        fields.show_faults(found.faults, "Not a project: mend these lines, and run again")
    if len(found.names) > MOST_PROJECTS:
        st.error(
            f"{len(found.names):,} projects are more than the {MOST_PROJECTS:,} of one run. "
            "Run them in parts, name their group, or use the command line, which has no such "
            "limit.",
            icon=":material/error:",
        )
        return False
    return not found.faults


def read_question(text: str, group: str, policy: Policy) -> ComplianceQuery | None:
    """Return the question about these projects; None, and why, if they cannot be asked about."""
    found = parse_projects(text)
    fine = check_projects(found)
    if group and " " in group:
        st.error("A group has no spaces in its path.", icon=":material/error:")
        fine = False
    return ComplianceQuery(found.names, group or None, policy=policy) if fine else None
