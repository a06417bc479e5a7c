"""How is this evaluated? Each check of merge requests, issues and projects, by a policy."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gitlab_sync.pages.compliance_fields import server_standards
from gitlab_sync.pages.profile_fixes import WHEN
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.policy_field import policy_field
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.policy import CLASSIC, Policy
from gitlab_sync.rules.projects.checks import CHECKS
from gitlab_sync.rules.projects.licences import policy_names

LEAD = (
    "When a check fails, why that matters, and how to fix it. A check that cannot apply is n/a, "
    "and one that could not be read is unknown: neither is a fault."
)


def show_rules(policy: Policy) -> None:
    """Show the checks of a policy, and what is different in the classic one."""
    st.markdown(_introduction(policy))
    kinds = {
        "Merge requests": (policy.merge_requests.checks, CLASSIC.merge_requests.checks),
        "Issues": (policy.issues.checks, CLASSIC.issues.checks),
    }
    for title, (checks, classic) in kinds.items():
        st.header(title, anchor=False)
        for check, other in zip(checks, classic, strict=True):
            with st.container(border=True):
                st.markdown(check_text(check, other, WHEN[check.fix]))
    standards = server_standards(policy)
    st.header("Projects", anchor=False)
    st.markdown(f"Allowed licences: {escaped(policy_names(standards.licences))}.")
    for check, other in zip(standards.checks, CHECKS, strict=True):
        with st.container(border=True):
            st.markdown(check_text(check, other))


def _introduction(policy: Policy) -> str:
    if policy.base == CLASSIC.name:
        return "Evaluated are merge requests that were merged or closed, and closed issues."
    days = policy.terms.working_time
    return (
        "Evaluated are merged merge requests, by what was there when they were merged, and closed "
        f"issues. Working days are Monday to Friday in the time zone {escaped(str(days.zone))}, "
        "without holidays."
    )


def check_text(check: Check, classic: Check, when: str = "") -> str:
    """Return, as Markdown, what a check is about; with what is different under `classic`.

    `when` says when a fault can be fixed.
    """
    lines: Sequence[str] = (
        f"**{escaped(check.title)}** · {check.severity}  ",
        f"{escaped(check.fails_when)}  ",
        f"{escaped(check.why)} {escaped(check.how_to_fix)} {when}",
        "" if check.fails_when == classic.fails_when else f"  \n*classic:* {classic.fails_when}",
    )
    return "\n".join(lines)


visitor = current_visitor()
show_header(visitor, "How is this evaluated?", LEAD, has_people=False)
show_rules(policy_field())
