"""The settings of the server's operator: Streamlit's secrets, else the environment."""

from __future__ import annotations

import os
import threading

import streamlit as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.hosts import Hosts
from gitlab_sync.pages.state.roles import Role, Roles, state_of_file
from gitlab_sync.pages.state.sign_ins import SignIn


def server_secrets() -> dict[str, object]:
    """Return Streamlit's secrets; {} if there is no file with secrets."""
    try:
        return dict(st.secrets.items())
    except FileNotFoundError:
        return {}


_own = threading.Event()


def serve_oneself() -> None:
    """Note that this process serves only the person who started it, who may reach any host."""
    _own.set()


def allowed_hosts() -> Hosts:
    """Return the GitLab hosts that may receive tokens.

    Raises ConfigurationError if the setting is invalid.
    """
    hosts = Hosts.from_settings(server_secrets(), os.environ)
    return Hosts(hosts.url, any_host=True) if _own.is_set() else hosts


_kept_roles: tuple[object, Roles] | None = None


def server_roles() -> Roles:
    """Return the roles of visitors, the same object as long as the setting stays the same.

    Raises ConfigurationError if it is invalid.
    """
    global _kept_roles  # noqa: PLW0603 - each page asks several times, and lists can be long
    secrets = server_secrets()
    state = (repr(secrets.get("roles")), state_of_file(os.environ))
    kept = _kept_roles
    if kept is None or kept[0] != state:
        kept = _kept_roles = (state, Roles.from_settings(secrets, os.environ))
    return kept[1]


def is_own_gitlab(sign_in: SignIn) -> bool:
    """Return whether the visitor is at the configured GitLab: the settings name its people.

    Raises ConfigurationError if the setting of the hosts is invalid.
    """
    return not sign_in.is_demo and allowed_hosts().is_own(sign_in.base_url)


def live_role_of(sign_in: SignIn) -> Role:
    """Return the visitor's role on a live GitLab; member, which sees least, if that is invalid."""
    try:
        return server_roles().of(sign_in, is_own=is_own_gitlab(sign_in))
    except ConfigurationError:
        return "member"
