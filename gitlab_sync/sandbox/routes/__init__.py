"""The routes below `/api/v4`, by what they are about."""

from __future__ import annotations

from gitlab_sync.sandbox.router import Router
from gitlab_sync.sandbox.routes import (
    ci,
    groups,
    instance,
    issues,
    merge_request,
    merge_requests,
    milestones,
    projects,
    repository,
    resource_events,
    users,
)

ROUTER = Router(
    instance.ROUTES,
    users.ROUTES,
    groups.ROUTES,
    projects.ROUTES,
    merge_requests.ROUTES,
    merge_request.ROUTES,
    issues.ROUTES,
    milestones.ROUTES,
    resource_events.ROUTES,
    repository.ROUTES,
    ci.ROUTES,
)
"""All routes of the sandbox."""
