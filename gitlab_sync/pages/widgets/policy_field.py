"""The choice of a policy on a page, and the lines that name the one in force, and the one used."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.policy_setting import offered_policies, server_policy
from gitlab_sync.pages.state.source import current_run, current_source
from gitlab_sync.pages.widgets.error_panel import show_error
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.times import time_text
from gitlab_sync.policies.file import BUILT_IN
from gitlab_sync.rules.policy import FAIR, Policy

RULES_PAGE = "rules"

_KEY = "policy"


def offered() -> dict[str, Policy]:
    """Return the policies that a page offers, by name; the operator's is the first.

    If that is not valid, it is `fair`: the page's head says why. On a snapshot there is only the
    one that it was taken by.
    """
    source = current_source()
    try:
        return dict(offered_policies() if source is None else source.policies())
    except ConfigurationError:
        return {FAIR.name: FAIR, **BUILT_IN}


def policy_field() -> Policy:
    """Show the choice of a policy, if there is one; return the chosen one."""
    policies = offered()
    if len(policies) == 1:
        return next(iter(policies.values()))
    name = st.radio(
        "Policy",
        [*policies],
        key=_KEY,
        horizontal=True,
        help="By which rules work is evaluated. *fair* asks of people what they could have done; "
        "*classic* has the numbers of the older client.",
        bind="query-params",
    )
    return policies[name or next(iter(policies))]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def show_source() -> None:
    """Show the snapshot that the page is about, if it is one, and the policy in force."""
    run = current_run()
    if run is None:
        show_policy_in_force()
    else:
        when = time_text(run.info.moment)
        st.markdown(f"Snapshot of {when}, by the policy {_link(run.policy.name, run.policy)}.")


def show_policy_in_force() -> None:
    """Show which policy is chosen on the page, and where it is from; if it is not valid, why."""
    try:
        server_policy()
    except ConfigurationError as error:
        show_error(f"This server's policy is not valid, so it is {FAIR.name}", error)
    policies = offered()
    chosen = policies.get(str(st.session_state.get(_KEY) or st.query_params.get(_KEY)))
    policy = chosen or next(iter(policies.values()))
    source = "" if policy.name in BUILT_IN else f", from {escaped(policy.source)}"
    st.markdown(f"Policy in force: {_link(policy.name, policy)}{source}.")


def show_policy(policy: _Named) -> None:
    """Show by which policy the numbers below were made, with the way to its rules."""
    # No caption: in its pale colour, a link has too little contrast.
    st.markdown(f"Policy: {escaped(policy.name)}. {_link('How is this evaluated?', policy)}")


def _link(text: str, policy: _Named) -> str:
    return f"[{escaped(text)}]({RULES_PAGE}?policy={escaped(policy.name)})"
