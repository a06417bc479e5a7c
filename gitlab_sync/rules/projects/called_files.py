"""Names the scripts of a repository that its jobs, targets and hooks call."""

from __future__ import annotations

from gitlab_sync.rules.bounds import BeyondBounds, Effort
from gitlab_sync.rules.projects.facts import ProjectFacts, Repository
from gitlab_sync.rules.projects.tool_detection import Project


def called_files(facts: ProjectFacts, effort: Effort | None = None) -> list[str]:
    """Return the paths of scripts that are called and not yet in `facts.files`.

    Those that jobs of the pipeline call come first. A script can call more: ask again once the
    texts are there. Beyond the bounds nothing is returned.
    """
    project = Project(Repository(facts), effort)
    try:
        _ = project.unread_scripts, project.uses
    except BeyondBounds:
        return []
    return [path for path in project.reader.targets.unread if path not in facts.files]
