"""What is asked on the page of batch analytics, and how the answer is got."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from gitlab_sync.api.scope import Kind
from gitlab_sync.api.users import distinct_usernames
from gitlab_sync.client import GitLabClient
from gitlab_sync.outcomes import Report
from gitlab_sync.run import Run
from gitlab_sync.sessions import SignIn

By = Literal["author", "assignee"]

_SEPARATORS = re.compile(r"[\s,;]+")
# GitLab's own rule for the path of a user or group: lib/gitlab/path_regex.rb.
_USERNAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}")
_RESERVED_ENDS = (".git", ".atom", ".")


def read_usernames(text: str) -> tuple[list[str], list[str]]:
    """Return the names in a text, each once, and what stands there but cannot be a username.

    Commas, semicolons, spaces and line breaks part them; a leading `@` is left out.
    """
    words = distinct_usernames(_SEPARATORS.split(text))
    good = [word for word in words if _may_be_username(word)]
    return good, [word for word in words if not _may_be_username(word)]


def _may_be_username(word: str) -> bool:
    fits = _USERNAME.fullmatch(word) is not None
    return fits and not word.lower().endswith(_RESERVED_ENDS)


@dataclass(frozen=True, slots=True)
class Question:
    """One question: whose items of a kind, and where. Equal whatever case or order names have.

    `people` are the names in lower case, sorted; `spelled` is how they were typed. `project` and
    `group` are ids or paths, or None.
    """

    kind: Kind
    people: tuple[str, ...]
    project: str | None = None
    group: str | None = None
    by: By = "author"
    spelled: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def about(cls, kind: Kind, names: list[str], project: str, group: str, by: By) -> Question:
        """Return the question that the page's fields ask."""
        return cls(
            kind,
            tuple(sorted(name.lower() for name in names)),
            project.strip().strip("/") or None,
            group.strip().strip("/") or None,
            by,
            tuple(names),
        )

    def answer(self, sign_in: SignIn, run: Run) -> Report:
        """Ask GitLab, in the calling thread; ends early when `run.cancel` says so.

        Raises AuthenticationError if GitLab takes the token no more, which a row cannot tell.
        """
        with sign_in.client() as client:
            report = self._ask(client, run)
            completeness = report.completeness
            if "not signed in" in {*completeness.lost, *completeness.lists}:
                client.get("user")
            return report

    def _ask(self, client: GitLabClient, run: Run) -> Report:
        names = self.spelled or self.people
        if self.kind == "merge_requests":
            return client.batch_evaluate_mrs(names, self.project, self.group, self.by, run=run)
        return client.batch_evaluate_issues(names, self.project, self.group, self.by, run=run)
