"""What a merge request brings in: commits, changed files and pipelines."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from gitlab_sync.sandbox.making import words
from gitlab_sync.sandbox.making.builder import Builder, local, utc, working_hour
from gitlab_sync.sandbox.making.merge_request_plan import MergeRequestPlan
from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.truth import FAILED_PIPELINE, NO_SEMANTIC_COMMITS, NO_TESTS

LARGE = 130
"""Rows of the lists of a large merge request: more than the 100 of a page."""


def commits(builder: Builder, plan: MergeRequestPlan) -> list[Record]:
    """Return the commits, newest first.

    If one is to be semantic, it can be any one, or the last page's in a large merge request; merge
    commits decide nothing, whatever they say.
    """
    random = builder.random
    number = LARGE if plan.large else random.randint(1, 4)
    chosen = None
    if plan.passes(NO_SEMANTIC_COMMITS):
        chosen = number - 1 if plan.large else random.randrange(number)
    rows = []
    for position in range(number):
        early = plan.created - timedelta(days=1, minutes=30 * (number - position))
        moment = working_hour(early, plan.author.offset)
        first_line = words.unsemantic(random)
        if position == chosen or (chosen is not None and not plan.large and builder.chance(0.4)):
            first_line = words.semantic(random)
        added = plan.reference if plan.place == "commit" and position == number - 1 else ""
        text = words.message(first_line, random, added)
        rows.append(commit(builder, plan.project, plan.author, text, moment))
    for older, newer in pairwise(rows):
        newer["parent_ids"] = [older["id"]]
    rows.reverse()
    if plan.large and chosen is not None:
        # Now the newest is first: what decides moves to the end, where page 2 is.
        rows.append(rows.pop(0))
    if builder.chance(0.15):
        text = "feat: merge branch 'main' into this one\n\nCloses #1\n"
        merge = commit(builder, plan.project, plan.author, text, plan.created)
        merge["parent_ids"] = [builder.sha(), rows[0]["id"]]
        rows.insert(0, merge)
    return rows


def commit(
    builder: Builder, project: Record, author: Person, text: str, moment: datetime
) -> Record:
    """Return a commit by `author`, under one of the addresses that person uses."""
    sha = builder.sha()
    when = local(moment, author.offset)
    name, address = _signature(builder, author)
    return {
        "id": sha,
        "short_id": sha[:8],
        "created_at": when,
        "parent_ids": [],
        "title": text.split("\n", 1)[0],
        "message": text,
        "author_name": name,
        "author_email": address,
        "authored_date": when,
        "committer_name": name,
        "committer_email": address,
        "committed_date": when,
        "trailers": {},
        "extended_trailers": {},
        "web_url": f"{project['web_url']}/-/commit/{sha}",
    }


def _signature(builder: Builder, author: Person) -> tuple[str, str]:
    """Return a name and an address: mostly the known one, at times GitLab's private one."""
    name = str(author.record["name"])
    if builder.chance(0.1):
        host = builder.url.partition("://")[2]
        return name, f"{author.id}-{author.username}@users.noreply.{host}"
    return name, author.record.get("email") or f"{author.username}@corp.example"


def diffs(builder: Builder, plan: MergeRequestPlan) -> list[Record]:
    """Return the changed files. If a test is to be among them, it is the last of a large one."""
    random = builder.random
    if not plan.passes(NO_TESTS) and builder.chance(0.05):
        return []
    number = LARGE if plan.large else random.randint(1, 5)
    rows = [_diff(builder, words.code_path(random, position)) for position in range(number)]
    if plan.passes(NO_TESTS):
        row = _diff(builder, words.test_path(random, number))
        if row["old_path"] != row["new_path"]:
            row["old_path"] = words.code_path(random, number + 1)
        rows.insert(len(rows) if plan.large else random.randint(0, len(rows)), row)
    elif builder.chance(0.2):
        # A test that was moved to where no test is: it counts by where it went.
        row = _diff(builder, words.code_path(random, number + 2))
        row.update(
            old_path=words.test_path(random, number + 3),
            renamed_file=True,
            new_file=False,
            deleted_file=False,
        )
        rows.append(row)
    return rows


def _diff(builder: Builder, path: str) -> Record:
    kind = builder.random.choices(("changed", "new", "deleted", "renamed"), (70, 15, 8, 7))[0]
    old = f"old/{path.rpartition('/')[2]}" if kind == "renamed" else path
    return {
        "diff": "@@ -1 +1 @@\n-before\n+after\n",
        "collapsed": False,
        "too_large": False,
        "new_path": path,
        "old_path": old,
        "a_mode": "0" if kind == "new" else "100644",
        "b_mode": "0" if kind == "deleted" else "100644",
        "new_file": kind == "new",
        "renamed_file": kind == "renamed",
        "deleted_file": kind == "deleted",
        "generated_file": False,
    }


def pipelines(builder: Builder, plan: MergeRequestPlan, record: Record) -> list[Record]:
    """Return the pipelines, those of merge request events first: the highest id can be anywhere."""
    random = builder.random
    must_fail = FAILED_PIPELINE in plan.fails
    if not must_fail and builder.chance(0.2):
        return []
    project = plan.fork or plan.project
    rows = []
    number = random.randint(1, 4)
    for position in range(number):
        moment = plan.created + timedelta(minutes=15 * position)
        number_of_run = builder.next_id()
        on_push = builder.chance(0.5)
        rows.append(
            {
                "id": number_of_run,
                "iid": number_of_run,
                "project_id": project["id"],
                "sha": record["sha"] or builder.sha(),
                "ref": (
                    record["source_branch"] if on_push else f"refs/merge-requests/{plan.iid}/head"
                ),
                "status": random.choice(("success", "failed", "canceled")),
                "source": "push" if on_push else "merge_request_event",
                "created_at": utc(moment),
                "updated_at": utc(moment + timedelta(minutes=12)),
                "web_url": f"{project['web_url']}/-/pipelines/{number_of_run}",
            }
        )
    passing = random.choice(("success", "success", "canceled", "running", "skipped"))
    rows[-1]["status"] = "failed" if must_fail else passing
    rows.sort(key=lambda row: (row["source"] == "push", -row["id"]))
    return rows


def add_to_branch(
    builder: Builder, plan: MergeRequestPlan, record: Record, brought: list[Record]
) -> None:
    """Put the commits into the project's history: merged ones on main, others on their branch."""
    if plan.fork is not None or not brought:
        return
    tables, project = builder.tables, plan.project["id"]
    history = tables.commits.setdefault(project, [])
    if plan.state == "closed":
        return
    history += brought
    if plan.state == "opened":
        tables.ahead.setdefault(project, {})[record["source_branch"]] = {
            row["id"] for row in brought
        }
    elif plan.ended is not None:
        text = (
            f"Merge branch '{record['source_branch']}' into 'main'\n\n{record['title']}\n\n"
            f"See merge request {record['references']['full']}\n"
        )
        merge = commit(builder, plan.project, plan.author, text, plan.ended)
        merge["id"] = record["merge_commit_sha"]
        merge["short_id"] = merge["id"][:8]
        merge["parent_ids"] = [builder.sha(), brought[0]["id"]]
        history.append(merge)
