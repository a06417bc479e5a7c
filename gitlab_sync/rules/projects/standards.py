"""What a policy expects of projects."""

from __future__ import annotations

from dataclasses import replace

from gitlab_sync.rules import policy as policies
from gitlab_sync.rules.projects import compliance


def standards_of(policy: policies.Policy) -> compliance.Policy:
    """Return what a policy expects of projects."""
    if policy is policies.CLASSIC:
        return compliance.DEFAULT_POLICY
    return replace(compliance.FAIR, shown_name=policy.shown_name)
