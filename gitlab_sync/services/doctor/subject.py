"""What the doctor examines, and what its checks have learnt so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from gitlab_sync.errors import Cancelled, ConfigurationError, GitLabSyncError
from gitlab_sync.http.proxies import Proxy, proxy_for
from gitlab_sync.rules.policy import Policy
from gitlab_sync.services.doctor.asking import Asking, Seen
from gitlab_sync.session.result import Result
from gitlab_sync.session.session import Session
from gitlab_sync.types import StoreMode


@dataclass(slots=True)
class Learnt:
    """What checks leave for later ones; None is unknown.

    `is_gitlab` says whether a GitLab answered, `reads` whether the token is of a kind that reads
    what runs need, and `graphql` whether all facts come from it. `latency` is in seconds, `limit`
    in requests, of which `remaining` are left.
    """

    is_gitlab: bool | None = None
    reads: bool = True
    latency: float | None = None
    graphql: bool | None = None
    limit: int | None = None
    remaining: int | None = None


@dataclass(eq=False)
class Subject:
    """A setting in which runs are to work. For one thread.

    `session` has a context that waits for no rate limit (None: no GitLab is known, for the reason
    `url_fault`). `source` says where URL and token are from. Without a token there is a
    `token_fault`. `load_policy` raises ConfigurationError for a policy with faults. `store` is how
    runs use the store. `people` is how many a run is to be about.
    """

    session: Session | None
    source: str
    load_policy: Callable[[], Policy]
    store: StoreMode = "on"
    people: int = 40
    url_fault: ConfigurationError | None = None
    token_fault: ConfigurationError | None = None
    learnt: Learnt = field(default_factory=Learnt)

    @property
    def url(self) -> str:
        """The URL of the GitLab; empty if there is none."""
        return "" if self.session is None else self.session.base_url

    @cached_property
    def asking(self) -> Asking:
        """What sends the requests."""
        if self.session is None:
            raise ConfigurationError("There must be a GitLab to ask, got none")
        return Asking(self.session)

    @cached_property
    def proxy(self) -> Proxy | None:
        """The proxy in force."""
        return proxy_for(self.url)

    @cached_property
    def contact(self) -> Result[Seen]:
        """The first answer of the server, without the credential; or why there is none."""
        try:
            return Result(value=self.asking.get("version", signed_in=False))
        except Cancelled:
            raise
        except GitLabSyncError as error:
            return Result(error=error)

    @property
    def secrets(self) -> list[str]:
        """What no finding shows."""
        found = [] if self.session is None else [self.session.credential.token]
        if self.session is not None and self.proxy is not None:
            found.append(self.proxy.password)
        return found
