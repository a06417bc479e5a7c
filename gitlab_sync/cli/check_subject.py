"""What `check` and `baseline` are about: a merge request, a project, or people.

In a pipeline of GitLab CI its variables name the merge request, the project and the commit.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.options import Connection, with_options
from gitlab_sync.cli.people import People, find_people, people_options
from gitlab_sync.settings import CI_JOB_VARIABLE, is_job_token_alone

if TYPE_CHECKING:
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.rules.policy import Policy
    from gitlab_sync.services.checks.query import CheckQuery

_PROJECTS = ("CI_MERGE_REQUEST_PROJECT_ID", "CI_PROJECT_ID", "CI_PROJECT_PATH")
"""The variables with the project; the first one differs from the others in pipelines of forks."""

_IID, _COMMIT = "CI_MERGE_REQUEST_IID", "CI_COMMIT_SHA"

_OPTIONS = (
    click.option(
        "--merge-request", type=click.IntRange(1), metavar="IID",
        help="The merge request with this number. Default: that of the pipeline.",
    ),
    click.option(
        "--project", metavar="P",
        help="The project (id or path) that the merge request is in (default: that of the "
        "pipeline), or only in which people's work counts; alone: evaluate its compliance.",
    ),
    click.option(
        "--ref", metavar="REF",
        help="The branch, tag or commit of the project. Default: the commit of the pipeline, if it "
        "is the pipeline's project, else the default branch.",
    ),
    click.option(
        "--final", is_flag=True,
        help="Check an open merge request as if it was merged now, review and duration included.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked, as it was given or as the pipeline says. Immutable.

    With `of_people` it is the work of `people`, who are not found yet.
    """

    people: People
    of_people: bool
    project: str | None = None
    merge_request: int | None = None
    ref: str | None = None
    final: bool = False

    def query(self, command: CommandRun, policy: Policy, *, note: bool = False) -> CheckQuery:
        """Return the question for the service; reads the members of groups."""
        from gitlab_sync.services.checks.query import CheckQuery

        names = find_people(self.people, command).usernames if self.of_people else None
        return CheckQuery(
            policy, self.project, self.merge_request, names, self.ref, self.final, note
        )


@dataclass(frozen=True, slots=True)
class AskedSubject:
    """What is checked, as the options say it. Immutable."""

    people: People
    merge_request: int | None = None
    project: str | None = None
    ref: str | None = None
    final: bool = False

    def resolved(self, connection: Connection) -> tuple[Subject, Connection]:
        """Return what is checked and the connection, with what the pipeline's variables say.

        The token of the job is used if there is no other. Raises click.UsageError as `found`.
        """
        if connection.demo:
            return self.found({}, demo=True), connection
        named = connection.token_env or connection.gitlab_id
        if not named and is_job_token_alone():
            connection = replace(connection, token_env=CI_JOB_VARIABLE)
        return self.found(os.environ), connection

    def found(self, environ: Mapping[str, str], *, demo: bool = False) -> Subject:
        """Return what is checked: people, else a merge request, else a project.

        If nothing was asked it is the merge request of the pipeline, and in the demo its people.
        Raises click.UsageError if there is none, and for options that exclude each other.
        """
        self._check()
        people, project = self.people, self.project
        own = next((environ[name] for name in _PROJECTS if environ.get(name)), None)
        if people.asked or (demo and project is None):
            return Subject(people, True, project)
        if project is not None and self.merge_request is None:
            is_own = project.strip("/") in {environ.get(name) for name in _PROJECTS}
            commit = environ.get(_COMMIT) if is_own else None
            return Subject(people, False, project, ref=self.ref or commit)
        number = self.merge_request or _number(environ)
        if project is None and own is None:
            raise click.UsageError("--merge-request needs --project, or a pipeline's variables.")
        return Subject(people, False, project or own, number, final=self.final)

    def _check(self) -> None:
        if self.project is not None and not self.project.strip().strip("/"):
            raise click.UsageError("--project must be an id or a path, got a blank one.")
        if self.people.asked and self.merge_request is not None:
            raise click.UsageError("--merge-request excludes people: a check is of one of them.")
        of_project = self.project is not None and self.merge_request is None
        if self.final and (self.people.asked or of_project):
            raise click.UsageError("--final is about an open merge request.")
        if self.ref is not None and (self.people.asked or not of_project):
            raise click.UsageError("--ref is about a project: give --project alone with it.")


def subject_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the argument and the options for what is checked, and pass them as `asked`."""

    @functools.wraps(command)
    def gather(**given: Any) -> int:
        names = AskedSubject.__dataclass_fields__
        return command(asked=AskedSubject(**{name: given.pop(name) for name in names}), **given)

    return people_options(with_options(gather, _OPTIONS))


def _number(environ: Mapping[str, str]) -> int:
    """Return the number of the pipeline's merge request."""
    given = environ.get(_IID, "")
    if given.isascii() and given.isdecimal():
        return int(given)
    if given:
        raise click.UsageError(f"{_IID} must be a number, got {given!r:.40}.")
    raise click.UsageError(
        "Nothing to check: give --merge-request IID, --project P, or people, or run it in the "
        f"pipeline of a merge request, which sets {_IID}."
    )
