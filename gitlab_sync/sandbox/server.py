"""The sandbox: a world behind a real HTTP server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from gitlab_sync.sandbox.control import Control
from gitlab_sync.sandbox.faults import Faults
from gitlab_sync.sandbox.gateway import Server
from gitlab_sync.sandbox.limiter import Limiter, RateLimit
from gitlab_sync.sandbox.routes.instance import VERSION
from gitlab_sync.sandbox.service import Service
from gitlab_sync.sandbox.tokens import ADMIN_TOKEN, Kind, Token, Tokens, make_value
from gitlab_sync.sandbox.traffic import KEPT, Traffic
from gitlab_sync.sandbox.world import World


class Sandbox:
    """A GitLab of its own on 127.0.0.1, for demo, tests and benchmarks.

    `port=0` takes any free one. `latency` is added to each answer, in seconds. `tokens` come on top
    of `ADMIN_TOKEN`. `link_host` ("https://gitlab.internal") is what links name, as behind a proxy.
    `rate_limits` are in force from the start. Usable as a context manager, which starts and stops.

    `graphql=False` is a server where `/api/graphql` is not there. `graphql_without` names fields
    and arguments that it lacks, as older ones do (`MergeRequest.closedAt`,
    `MergeRequest.notes.filter`; ValueError for what there is not anyway). `node_latency`, in
    seconds, is added to its answers for each merge request that their lists hold.

    `version` is what it calls itself, and its clock is `clock_ahead` seconds ahead. With a
    `certificate`, a PEM file that also has the key and the chain, it speaks TLS.

    `threads` is how many requests are answered at once; each starts when it is needed. `traffic`
    keeps the latest `kept` exchanges.

    A token that belongs to no one in the world (say, an empty one) sees what is public.
    """

    def __init__(
        self,
        world: World,
        *,
        port: int = 0,
        latency: float = 0.0,
        tokens: Iterable[Token] = (),
        rate_limits: Sequence[RateLimit] = (),
        link_host: str | None = None,
        threads: int = 70,
        graphql: bool = True,
        graphql_without: Iterable[str] = (),
        node_latency: float = 0.0,
        version: str = VERSION,
        clock_ahead: float = 0.0,
        certificate: Path | None = None,
        kept: int = KEPT,
    ) -> None:
        owner = min((row.data["id"] for row in world.users), default=0)
        admin = Token("admin", ADMIN_TOKEN, owner, ("api",), admin=True)
        self._service = Service(
            world,
            Tokens([admin, *tokens]),
            latency=latency,
            link_host=link_host,
            graphql=graphql,
            graphql_without=graphql_without,
            node_latency=node_latency,
            version=version,
            kept=kept,
        )
        self._clock_ahead = clock_ahead
        self._certificate = certificate
        self._service.limiter.set(*rate_limits)
        self._port = port
        self._threads = threads
        self._lock = threading.Lock()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    # --- life ----------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen, and return when requests are answered; idempotent.

        Raises OSError if the port is taken.
        """
        with self._lock:
            if self._server is not None:
                return self
            self._service.waits.start()
            server = Server(
                self._port,
                self._service,
                Control(self._service),
                self._threads,
                clock_ahead=self._clock_ahead,
                certificate=self._certificate,
            )
            ready = threading.Event()
            failure: list[BaseException] = []

            def run() -> None:
                # The workers are made in here, so that they are daemons as this thread is: a
                # sandbox that was never stopped must not keep a process from ending.
                try:
                    server.prepare()
                except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
                    failure.append(error)
                    return
                finally:
                    ready.set()
                server.serve()

            thread = threading.Thread(target=run, name="sandbox", daemon=True)
            thread.start()
            ready.wait()
            if failure:
                thread.join()
                raise failure[0]
            self._server, self._thread = server, thread
            self._port = server.bind_addr[1]
        return self

    def stop(self) -> None:
        """Stop within a moment, whatever is in flight or stalled; idempotent."""
        with self._lock:
            server, thread = self._server, self._thread
            self._server = self._thread = None
            if server is None or thread is None:
                return
            self._service.waits.stop()
            server.wake_all()
            server.stop()
            thread.join()
            server.release()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- what it is ----------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address, as `http://127.0.0.1:8929`; known once it has been started."""
        scheme = "http" if self._certificate is None else "https"
        return f"{scheme}://127.0.0.1:{self._port}"

    @property
    def world(self) -> World:
        """What it serves."""
        return self._service.world

    @property
    def traffic(self) -> Traffic:
        """What was asked of it."""
        return self._service.traffic

    @property
    def faults(self) -> Faults:
        """The faults that it shall have."""
        return self._service.faults

    @property
    def limiter(self) -> Limiter:
        """Its rate limits."""
        return self._service.limiter

    @property
    def tokens(self) -> Tokens:
        """All tokens it knows."""
        return self._service.tokens

    @property
    def latency(self) -> float:
        """Seconds added to each answer; can be set at any time, even for answers under way."""
        return self._service.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._service.latency = seconds

    @property
    def node_latency(self) -> float:
        """Seconds added for each merge request in a GraphQL answer; can be set at any time."""
        return self._service.node_latency

    @node_latency.setter
    def node_latency(self, seconds: float) -> None:
        self._service.node_latency = seconds

    # --- tokens --------------------------------------------------------------------------------

    def token_for(
        self,
        username: str,
        *,
        scopes: Sequence[str] = ("read_api",),
        kind: Kind = "personal",
        admin: bool = False,
        expired: bool = False,
        expires: str | None = None,
        name: str | None = None,
        project: int | None = None,
    ) -> str:
        """Make a token for a person and return its value; KeyError if there is no such person.

        Traffic and faults know it by `name`, which is the username unless given (with the kind
        added for others than personal tokens: `alice:oauth`). The same name again replaces the
        token. `expires` is the day that GitLab names (ISO 8601; None: never); the token is refused
        only if it is `expired`. `project` is that of a CI job.
        """
        user = self.world.users_by_name[username.lower()].data
        label = name or (user["username"] if kind == "personal" else f"{user['username']}:{kind}")
        token = Token(
            label,
            make_value(label, kind),
            user["id"],
            tuple(scopes),
            kind,
            admin=admin,
            expired=expired,
            expires=expires,
            project=project,
        )
        return self.tokens.add(token).value

    def token(self, name: str = "admin") -> str:
        """Return the value of the token of that name; one for that person is made if need be."""
        try:
            return self.tokens.named(name).value
        except KeyError:
            return self.token_for(name)
