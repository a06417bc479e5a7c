"""`GitLabClient`: the names and shapes of the drop-in contract, over a session."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

from gitlab_sync import settings
from gitlab_sync.api.facts.rest import read_facts
from gitlab_sync.api.period import given_period
from gitlab_sync.api.scope import Scope
from gitlab_sync.errors import ConfigurationError, NotFound
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.urls import API_PATH
from gitlab_sync.reports.report import Rows
from gitlab_sync.rules.dates import When
from gitlab_sync.rules.items import issue as issue_rules
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.flags import Flags
from gitlab_sync.rules.policy import CLASSIC, Policy
from gitlab_sync.run import Run
from gitlab_sync.services import evaluation as batch
from gitlab_sync.session.context import DEFAULT_TIMEOUT, LastRateLimit
from gitlab_sync.session.runtime import Bridge, get_bridge
from gitlab_sync.session.session import PER_PAGE, Session
from gitlab_sync.types import IssueRow, MergeRequestRow, Params, Record, RecordList, TableRow

if TYPE_CHECKING:
    from typing import Never, Self

    from gitlab import Gitlab


class NoEventLoop(ConfigurationError, AttributeError):
    """A program looked for the older client's event loop.

    It is also an AttributeError, so that `hasattr(client, "_loop")` is False and `getattr` returns
    its default: the right answer for a program that checks whether there is a loop.
    """

    hint_text = (
        "Each method blocks and returns its value. Code with its own event loop makes the "
        'call in a thread: await asyncio.to_thread(client.get, "projects/1").'
    )


class GitLabClient:
    """One principal at one instance. Thread-safe; no I/O and no thread before the first call.

    `is_oauth` sends the token as `Authorization: Bearer`, otherwise as `PRIVATE-TOKEN`. `bridge` is
    that of the process unless one is given. `timeout` is the limit of a whole call, or of one page,
    in seconds. `tenant` names the queue in the pool (None: the principal). `session` does the work;
    functions of `gitlab_sync.api` accept either. A context manager. A copy is a second client of
    the same GitLab, which is closed separately; a client does not pickle. Raises
    ConfigurationError for an invalid URL or token.
    """

    def __init__(
        self,
        base_url: str,
        token: str | Credential | None,
        is_oauth: bool = False,
        *,
        bridge: Bridge | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        tenant: str | None = None,
    ) -> None:
        credential = token if isinstance(token, Credential) else Credential(token, is_oauth)
        self.session = Session(base_url, credential, bridge=bridge, timeout=timeout, tenant=tenant)

    @classmethod
    def from_config(
        cls,
        url: str | None = None,
        token_env: str | None = None,
        gitlab_id: str | None = None,
        *,
        bridge: Bridge | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        tenant: str | None = None,
    ) -> Self:
        """Return a client of the GitLab that the command `gitlab-sync` would read.

        URL and token come from the first place that has them: the arguments (`token_env` names the
        variable that holds the token, `gitlab_id` a section of python-gitlab's configuration),
        `GITLAB_URL` and `GITLAB_TOKEN`, then python-gitlab's configuration, with its `ssl_verify`.
        Raises ConfigurationError, which says what to set.
        """
        found = settings.resolve(url, token_env, gitlab_id)
        if bridge is None and found.tls is not None:
            bridge = get_bridge(found.tls)
        return cls(found.url, found.credential, bridge=bridge, timeout=timeout, tenant=tenant)

    # -- attributes ------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """The URL of the instance, without a `/` at its end."""
        return self.session.base_url

    @property
    def api_base(self) -> str:
        """`base_url` and `/api/v4`."""
        return self.session.base_url + API_PATH

    @property
    def token(self) -> str:
        """The token as given."""
        return self.session.credential.token

    @property
    def is_oauth(self) -> bool:
        """Whether the token goes as `Authorization: Bearer`."""
        return self.session.credential.is_oauth

    @property
    def error_msg(self) -> str | None:
        """The text of the last failure, or None."""
        return self.session.health.error

    @property
    def last_rate_limit(self) -> LastRateLimit | None:
        """`{"endpoint", "retry_after", "timestamp"}` (aware, UTC) of the last 429, or None."""
        return self.session.health.rate_limit

    @cached_property
    def client(self) -> Gitlab:
        """A `gitlab.Gitlab` of python-gitlab on our transport, raising its own exceptions."""
        from gitlab_sync.python_gitlab import SharedGitlab  # noqa: PLC0415 - 0.2 s, rarely used

        return SharedGitlab(self.session, self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url} {self.session.credential!r}>"

    def __copy__(self) -> Self:
        other = type(self).__new__(type(self))
        other.session = copy(self.session)
        return other

    def __deepcopy__(self, _: object) -> Self:
        return self.__copy__()

    def __reduce__(self) -> Never:
        raise TypeError(
            f"a {type(self).__name__} cannot be pickled, since it holds a token and connections: "
            f"send its URL and the name of a secret, and make a client from them there"
        )

    def close(self) -> None:
        """Break off the work of this client and refuse more. Idempotent, immediate, for any thread.

        The bridge and other clients continue.
        """
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- reading ---------------------------------------------------------------------------------

    def get(self, endpoint: str, params: Params | None = None) -> Any:
        """Return the decoded JSON of one GET; [] for an empty body.

        `projects/1`, `/projects/1` and `/api/v4/projects/1` are the same; the endpoint can have its
        own query. In `params` None is left out, True and False become `true` and `false`, and lists
        repeat their key. Raises the errors of `gitlab_sync.errors`, such as NotFound.
        """
        return self.session.get(endpoint, params)

    def get_all(
        self,
        endpoint: str,
        params: Params | None = None,
        per_page: int = PER_PAGE,
        max_pages: int | None = None,
        all: bool = False,  # noqa: A002 - the contract's name
    ) -> RecordList:
        """Return all rows of a list in order, up to `max_pages` pages (None, `all`: no cap).

        The result has `complete`, the server's `total` and the number of `pages` read; a cap that
        cuts the list is logged. An error has the rows read before it in `.partial`. A single object
        gives a list of one. Endpoint, parameters and errors are as for `get`.
        """
        return self.session.get_all(endpoint, params, per_page, max_pages, all)

    def iter_pages(
        self,
        endpoint: str,
        params: Params | None = None,
        per_page: int = PER_PAGE,
        max_pages: int | None = None,
    ) -> Iterator[list[Record]]:
        """Yield a list page by page, each a list of rows; only a window of pages is in memory.

        When the consumer stops, requests under way are broken off. Arguments are as for `get_all`.
        """
        return self.session.iter_pages(endpoint, params, per_page, max_pages)

    def request(self, method: str, endpoint: str, params: Params | None = None) -> Any:
        """Send any verb and return the decoded JSON ([] for an empty body).

        GET and HEAD send `params` as the query, the others as a JSON body. A write is sent again
        only if it never left, or after a 429. Raises as `get`.
        """
        return self.session.request(method, endpoint, params)

    def graphql(self, query: str, variables: Params | None = None) -> Record:
        """Return the `data` of one GraphQL query; it is a read, and retried like one.

        Raises GraphQLError for the server's `errors`, and NotFound if GraphQL is switched off.
        Mutations go through `request`.
        """
        return self.session.graphql(query, variables)

    # -- the older names ---------------------------------------------------------------------------

    def _get(self, endpoint: str, params: Params | None = None) -> Any:
        """Return what `get` does, but [] for a 404. For older callers; nothing here calls it."""
        try:
            return self.get(endpoint, params)
        except NotFound:
            return []

    def _get_paginated(
        self,
        endpoint: str,
        params: Params | None = None,
        per_page: int = 100,
        max_pages: int | None = 10,
        all: bool = False,  # noqa: A002 - the contract's name
    ) -> RecordList:
        """Return what `get_all` does, but [] for a 404, and at most 10 pages by default."""
        try:
            return self.get_all(endpoint, params, per_page, max_pages, all)
        except NotFound:
            return RecordList()

    def _request(self, method: str, endpoint: str, params: Params | None = None) -> Any:
        """Return what `request` does."""
        return self.request(method, endpoint, params)

    def _run_sync(self, thunk: Any, timeout: float | None = None) -> Any:  # noqa: ARG002
        """Call a callable and return its result; return any other value unchanged.

        A coroutine is a TypeError that says what to call instead, since there is no event loop.
        `timeout` is accepted for older callers; calls have their own limits.
        """
        if inspect.iscoroutine(thunk):
            name = thunk.__name__
            thunk.close()
            raise TypeError(
                f"{name}() made a coroutine, and gitlab_sync has no event loop to run it: call the "
                f"synchronous method instead, such as client.get or client.batch_evaluate_mrs"
            )
        return thunk() if callable(thunk) else thunk

    @property
    def _loop(self) -> Never:
        """Raise NoEventLoop, which says what to call instead."""
        raise NoEventLoop(
            "gitlab_sync has no event loop, nor a thread or a session of one: "
            "call the method itself, such as client.get(…)"
        )

    _loop_thread = _thread = _session = _start_loop = _loop

    # -- batches -----------------------------------------------------------------------------------

    def batch_evaluate_mrs(
        self,
        usernames: Iterable[str],
        project_id: int | str | None = None,
        group_id: int | str | None = None,
        mr_scope: str = "author",
        *,
        since: When = None,
        until: When = None,
        by: Literal["created", "merged"] = "created",
        run: Run | None = None,
        policy: Policy = CLASSIC,
    ) -> Rows[MergeRequestRow]:
        """Evaluate all ended merge requests of these people: one row each, sorted by `Username`.

        `project_id` and `group_id` are ids or paths; the project wins. `mr_scope` is "author" or
        "assignee". `since` and `until`, both included, are about the time of creation or of the
        merge, as `by` says: a date, a moment, or a text such as "2026-06-01", "2026-W23" or "30d".
        `run` has progress, cancellation and the like; `policy` the rules, and with them further
        columns. What could not be read is unknown in the rows, and does not raise. The result is a
        list with `completeness` and `as_of`. Raises ConfigurationError for usernames that are no
        list, and for invalid times.
        """
        scope = Scope(project_id, group_id, mr_scope, given_period(since, until), by)
        report = batch.evaluate_merge_requests(self.session, usernames, scope, run, policy)
        return cast("Rows[MergeRequestRow]", report)

    def batch_evaluate_issues(
        self,
        usernames: Iterable[str],
        project_id: int | str | None = None,
        group_id: int | str | None = None,
        issue_scope: str = "author",
        *,
        since: When = None,
        until: When = None,
        by: Literal["created", "closed"] = "created",
        run: Run | None = None,
        policy: Policy = CLASSIC,
    ) -> Rows[IssueRow]:
        """Count all issues of these people and evaluate the closed ones, as `batch_evaluate_mrs`.

        `since` and `until` are about the time of creation or of closing.
        """
        scope = Scope(project_id, group_id, issue_scope, given_period(since, until), by)
        report = batch.evaluate_issues(self.session, usernames, scope, run, policy)
        return cast("Rows[IssueRow]", report)

    def batch_evaluate_mrs_efficiently(self, mrs: Sequence[Record]) -> TableRow:
        """Return one row of counts for these merge requests, from the list alone; no request."""
        return dict(mr_rules.efficient_row(mrs).cells)

    def batch_evaluate_issues_efficiently(self, issues: Sequence[Record]) -> TableRow:
        """Return one row of counts for these issues, from the list alone; no request."""
        return dict(issue_rules.efficient_row(issues).cells)

    def _evaluate_single_mr(self, mr: Record) -> tuple[str, Flags]:
        """Return the username and the flags of a merge request; an open one costs no request."""
        if not mr_rules.is_terminal(mr):
            return _username_of(mr), mr_rules.flags(mr, {})
        with self.session.call() as session:
            found = next(read_facts(session, [mr]))
        return _username_of(mr), mr_rules.flags(mr, mr_rules.evaluate(mr, found.facts))

    def _evaluate_single_mr_efficiently(self, mr: Record) -> tuple[str, Flags]:
        """Return the username and the flags of a merge request, from the list alone."""
        return _username_of(mr), mr_rules.flags_from_list(mr)

    def _evaluate_single_issue(self, issue: Record) -> tuple[str, Flags]:
        """Return the username and the flags of an issue; no request."""
        return _username_of(issue), issue_rules.flags(issue, issue_rules.evaluate(issue))

    _evaluate_single_issue_efficiently = _evaluate_single_issue


def _username_of(item: Record) -> str:
    return str(item.get("_username") or "unknown")
