"""The choice of a policy on a page, and the line that names the one that was used."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Protocol

import streamlit as st

from gitlab_sync.pages.widgets.error_panel import valid_or
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.policy_file import BUILT_IN, load
from gitlab_sync.rules.policy import FAIR, Policy
from gitlab_sync.types import POLICY_VARIABLE

RULES_PAGE = "rules"

_load = lru_cache(maxsize=8)(load)


def offered() -> dict[str, Policy]:
    """Return the policies that a page offers, by name; the operator's is the first.

    A setting that is not valid is shown as an error, and `fair` is first then.
    """
    name = os.environ.get(POLICY_VARIABLE) or FAIR.name
    wrong = f"This server's policy ({POLICY_VARIABLE}) is not valid, so it is {FAIR.name}"
    own = valid_or(FAIR, lambda: _load(name), wrong) or FAIR
    return {
        own.name: own,
        **{each: policy for each, policy in BUILT_IN.items() if each != own.name},
    }


def policy_field() -> Policy:
    """Show the choice of a policy; return the chosen one."""
    policies = offered()
    name = st.radio(
        "Policy",
        [*policies],
        key="policy",
        horizontal=True,
        help="By which rules work is evaluated. *fair* asks of people what they could have done; "
        "*classic* has the numbers of the older client.",
        bind="query-params",
    )
    return policies[name or next(iter(policies))]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def show_policy(policy: _Named) -> None:
    """Show by which policy the numbers below were made, with the way to its rules."""
    # No caption: in its pale colour, a link has too little contrast.
    st.markdown(
        f"Policy: {escaped(policy.name)}. "
        f"[How is this evaluated?]({RULES_PAGE}?policy={escaped(policy.name)})"
    )
