"""The facts of a merge request as its world holds them: what a faultless client reads."""

from __future__ import annotations

from operator import itemgetter

from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.sandbox import World
from gitlab_sync.types import PartialList, Record


def facts_of(world: World, mr: Record) -> Facts:
    """Return the lists of a merge request, whole, the newest notes first."""
    key, tables = (mr["project_id"], mr["iid"]), world.tables
    notes = sorted(tables.mr_notes.get(key), key=itemgetter("created_at", "id"), reverse=True)
    lists = (tables.mr_commits, tables.mr_diffs, tables.mr_pipelines)
    return Facts(PartialList(notes), *(PartialList(each.get(key)) for each in lists))
