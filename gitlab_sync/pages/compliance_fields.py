"""The fields of the compliance page: the projects, the branch and the policy.

Their values are in the page's URL, so a link leads to the same query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import streamlit as st

from gitlab_sync.errors import AuthenticationError, ConfigurationError, GitLabSyncError
from gitlab_sync.pages.state.browser import sign_out_refused
from gitlab_sync.pages.state.connection import connect
from gitlab_sync.pages.state.server_settings import server_secrets
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import current_run
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_error, show_input_error, valid_or
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.policy_field import policy_field
from gitlab_sync.rules import policy as policies
from gitlab_sync.rules.projects.compliance import DEFAULT_POLICY, Policy
from gitlab_sync.rules.projects.projects_input import ProjectsInput, parse_projects, project_fault
from gitlab_sync.rules.projects.standards import standards_of
from gitlab_sync.services import compliance as compliance_service
from gitlab_sync.services.compliance import Branches, ComplianceQuery

DEMO_PROJECT = "harbour/tools/mooring"
DEMO_GROUP = "harbour"

MOST_PROJECTS = 1000
"""The most projects of one query: more do not fit into the page's URL."""

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
"""The suggested licences; visitors can enter others."""

_BRANCHES = "_branches"
_REF = "_ref_of_project"
_SPDX = re.compile(r"[A-Za-z0-9.+-]+")


def read_policy(setting: object, otherwise: Policy = DEFAULT_POLICY) -> Policy:
    """Return a policy with the values of the section `compliance` in place of its own.

    Raises ConfigurationError if the section is invalid.
    """
    if not isinstance(setting, Mapping):
        raise ConfigurationError(
            f"compliance in the secrets must be a section, got {type(setting).__name__}",
            hint="Write its keys below [compliance].",
        )
    return otherwise.with_setting(setting)


def standards_field() -> Policy:
    """Show the choice of a policy, and return what it expects of projects on this server."""
    return server_standards(policy_field())


def server_standards(policy: policies.Policy) -> Policy:
    """Return what a policy expects of projects, with the operator's settings in place of its own.

    If these are not valid, that is shown as an error, and none of them counts. A snapshot has the
    results by its policy alone.
    """
    standards = standards_of(policy)
    if current_run() is not None:
        return standards
    setting = server_secrets().get("compliance", {})
    wrong = "This server's compliance policy is not valid, so the default policy applies"
    return valid_or(standards, lambda: read_policy(setting, standards), wrong)


def licences_field(policy: Policy) -> list[str]:
    """Show the field for licences that replace those of the policy, and return them.

    A snapshot has the results by those of its policy.
    """
    if current_run() is not None:
        return []
    return st.multiselect(
        "Allowed licences (optional)",
        LICENCES,
        key="licences",
        placeholder=f"Default: {policy.license_title}",
        help="SPDX identifiers of licences; you can enter others. An identifier such as AGPL-3.0 "
        "allows both of its forms, -only and -or-later.",
        accept_new_options=True,
        bind="query-params",
    )


def with_licences(policy: Policy, licences: list[str]) -> Policy | None:
    """Return the policy with these licences; show an error and return None if one is invalid."""
    invalid = [name for name in licences if not _SPDX.fullmatch(name)]
    if invalid:
        fields.show_faults(invalid, "Not an SPDX identifier, such as MIT or AGPL-3.0")
        return None
    return compliance_service.policy_of(licences, policy)


def project_field(default: str) -> str:
    """Show the field for one project and return its text."""
    fields.fill_in("project", default)
    # Here too: a link to the page can have a secret.
    fields.hide_secrets("project")
    return fields.line_field("Project", "project", fields.PROJECT_EXAMPLE)


def find_branches(visitor: SignIn, project: str, *, again: bool) -> Branches | None:
    """Return the project's branches; show an error and return None if they cannot be read.

    They are read once while the field stays the same, and never for an invalid name. `again` reads
    them once more if they could not be read. A snapshot has projects at their default branch.
    """
    if not project:
        return None
    fault = project_fault(project)
    if fault is not None:
        show_input_error(escaped(fault))
        return None
    if current_run() is not None:
        return Branches(project, ())
    stored: tuple[object, Branches | GitLabSyncError] | None = st.session_state.get(_BRANCHES)
    known = stored is not None and stored[0] == (visitor.handle, project)
    if stored is None or not known or (again and isinstance(stored[1], GitLabSyncError)):
        stored = ((visitor.handle, project), _read_branches(visitor, project))
        st.session_state[_BRANCHES] = stored
    found = stored[1]
    if isinstance(found, GitLabSyncError):
        show_error("This project cannot be read", found)
        return None
    if found.error is not None:
        show_error("The branches cannot be read, but you can enter one", found.error)
    elif not found.names:
        st.caption("The repository is empty: it has no branches, and there is little to check.")
    return found


def _read_branches(visitor: SignIn, project: str) -> Branches | GitLabSyncError:
    try:
        with st.spinner("Reading the branches…"):
            return compliance_service.branches_of(connect(visitor).client, project)
    except AuthenticationError:
        sign_out_refused(visitor)
    except GitLabSyncError as error:
        return error


def ref_field(project: str, branches: Branches | None) -> str | None:
    """Show the field for a branch, tag or commit and return it; None is the default branch.

    What was chosen for another project is left out. On a snapshot there is no choice.
    """
    if current_run() is not None:
        st.caption("A snapshot has projects at their default branch.")
        return None
    before, ref = st.session_state.get(_REF), st.session_state.get("ref")
    if before is not None and before[0] != project and before[1] == ref:
        st.session_state["ref"] = ref = None
    st.session_state[_REF] = (project, ref)
    names = () if branches is None else branches.names
    default = names[0] if names else "the default branch"
    chosen = st.selectbox(
        "Branch, tag or commit",
        names,
        index=None,
        key="ref",
        placeholder=f"{default} (default)" if names else default,
        help="Select a branch, or enter a tag or a commit. Run finds the branches of a project.",
        accept_new_options=True,
        bind="query-params",
    )
    return None if chosen is None or chosen in names[:1] else chosen.strip() or None


def check_ref(visitor: SignIn, branches: Branches, ref: str | None) -> bool:
    """Return whether the branch, tag or commit exists; show an error if it does not."""
    if ref is None or ref in branches.names:
        return True
    try:
        exists = compliance_service.has_ref(connect(visitor).client, branches.project, ref)
    except GitLabSyncError as error:
        show_error("This branch, tag or commit cannot be read", error)
        return False
    if not exists:
        project, name = escaped(branches.project), escaped(ref)
        show_input_error(f"{project} has no branch, tag or commit “{name}”.")
    return exists


def read_query(text: str, group: str, policy: Policy) -> ComplianceQuery | None:
    """Return the query about these projects; show an error and return None if one is invalid."""
    faults = fields.too_long(text)
    found = ProjectsInput(faults=faults) if faults else parse_projects(text)
    if found.faults:
        fields.show_faults(found.faults, "Not a project: fix these lines and run again")
    advice = "Split them into several runs, enter their group"
    fits = fields.check_number(len(found.names), MOST_PROJECTS, "projects", advice)
    if group and " " in group:
        show_input_error(f"A group's path must not contain spaces, got “{escaped(group[:60])}”.")
        return None
    if found.faults or not fits:
        return None
    return ComplianceQuery(found.names, group or None, policy=policy)
