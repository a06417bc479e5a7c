"""What a policy expects of projects."""

from __future__ import annotations

from dataclasses import replace

from gitlab_sync.rules import policy as policies
from gitlab_sync.rules.projects import compliance
from gitlab_sync.rules.projects.checks import ProjectCheck

_BASES = {"classic": compliance.DEFAULT_POLICY, "fair": compliance.FAIR}


def standards_of(policy: policies.Policy) -> compliance.Policy:
    """Return what a policy expects of projects: that of its base, and what its file changes."""
    base = _BASES[policy.base]
    weights = {**base.weights, **policy.compliance_weights}

    def agreed(check: ProjectCheck) -> ProjectCheck:
        severity = policy.terms.severities.get(check.id, check.severity)
        return replace(check, severity=severity, weight=weights[check.id])

    return replace(
        base,
        licences=base.licences if policy.licences is None else policy.licences,
        weights=weights,
        readme_length=_or(policy.readme_length, base.readme_length),
        readme_sections=_or(policy.readme_sections, base.readme_sections),
        checks=tuple(map(agreed, base.checks)),
        shown_name=policy.shown_name,
        waivers=policy.waivers_of_day,
        contest_project=policy.contest_project,
    )


def _or(number: int | None, otherwise: int) -> int:
    return otherwise if number is None else number
