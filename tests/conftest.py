"""What many tests need: a sandbox, private bridges that leave no thread, clients, patience."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from how_many import QUICK as QUICK_EXAMPLES
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from real_data import REAL
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.concurrency.executor import SharedExecutor
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.pages.state.memory import give_back_memory
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge

# The same examples in each run: a red run is about the change. `explore` looks for new ones, and
# `quick` is satisfied with fewer.
settings.register_profile("explore", deadline=None)
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("quick", settings.get_profile("same"), max_examples=QUICK_EXAMPLES)
settings.load_profile("same")

PATIENCE = 20.0
"""Seconds after which something that should have come about will not."""

QUICK = RetryPolicy(base=0.01, cap=0.05)
"""The usual number of attempts with next to no time between them."""


_MUCH = 32 * 2**20
"""Bytes by which a process may grow before all that it holds is looked at."""

_RESIDENT = [0]
"""How much memory the process had resident when that was done last, in bytes."""


def pytest_configure() -> None:
    """Let no thread keep the memory that it freed: tests start many. Collect tests, not garbage."""
    give_back_memory()
    gc.disable()


def pytest_sessionstart() -> None:
    """Let no example depend on the tests before: on which modules they happened to import."""
    if settings.default.derandomize:
        providers._get_local_constants = lambda: providers._local_constants


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that compare documents with what their commands write renew the documents."""
    parser.addoption("--write-docs", action="store_true", help="put what comes out into documents")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread what takes long; skip what reads the real data where that is not."""
    items[:] = spread(items)
    missing = pytest.mark.skip(reason=f"the real data is not at {REAL}")
    for item in items:
        if item.get_closest_marker("large"):
            item.add_marker(pytest.mark.timeout(400))
            if not REAL.is_dir():
                item.add_marker(missing)


def pytest_collection_finish() -> None:
    """Keep the collector from walking through the tests themselves again and again."""
    _freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Collect garbage from here on, also in the process that hands out the tests."""
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Keep it from walking through what the tests of a module left, too: reports, caches."""
    ran = yield
    if nextitem is None or nextitem.path != item.path:
        _freeze()
    return ran


def _freeze() -> None:
    """Collect, and leave what is still there alone; look at all of it if it has become much.

    What a thread held a moment longer than its test would else be kept for ever.
    """
    much = _memory() > _RESIDENT[0] + _MUCH
    if much:
        gc.unfreeze()
    gc.collect()
    gc.freeze()
    if much:
        _RESIDENT[0] = _memory()


def _memory() -> int:
    """Return how much memory the process has resident, in bytes; 0 where that is not told."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 0


def spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests with those that take long at the begin of each quarter.

    Each of four processes gets a quarter: the browser tests of the common app, those with an app of
    their own, and two halves of what reads much or is slow; no process loads all of the real data
    in turn. Who is done earlier takes over the quick tests behind them.
    """
    browser = [item for item in items if item.get_closest_marker("browser")]
    long = [item for item in items if any(map(item.get_closest_marker, ("large", "slow")))]
    taken = {*browser, *long}
    quick = [item for item in items if item not in taken]
    files = list(dict.fromkeys(item.path for item in long))
    own_app = {item for item in browser if hasattr(getattr(item, "module", None), "app")}
    heads = (
        [item for item in browser if item not in own_app],
        [item for item in long if item.path in files[::2]],
        [item for item in browser if item in own_app],
        [item for item in long if item.path in files[1::2]],
    )
    size = -(-len(items) // len(heads))
    spread: list[pytest.Item] = []
    for head in heads:
        fill = max(0, size - len(head))
        spread += [*head, *quick[:fill]]
        del quick[:fill]
    return spread + quick


def pool_threads() -> set[threading.Thread]:
    """Return the workers of all shared pools in this process."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("gitlab-sync")}


@pytest.fixture
def new_threads() -> Callable[[], set[threading.Thread]]:
    """Return the threads that were not there before the test, but for a sandbox's."""
    before = set(threading.enumerate())

    def new() -> set[threading.Thread]:
        found = set(threading.enumerate()) - before
        return {thread for thread in found if not thread.name.startswith("sandbox")}

    return new


@pytest.fixture
def world() -> World:
    """Make a small world that the test may change."""
    return fresh_world(seed=1, users=5, merge_requests=3, issues=2, projects=2)


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """Run a GitLab of the test's own."""
    with Sandbox(world) as running:
        yield running


@pytest.fixture
def make_bridge() -> Iterator[Callable[..., Bridge]]:
    """Make private bridges: `make_bridge(workers=8, policy=QUICK)`; closed, and no thread left."""
    before = pool_threads()
    made: list[Bridge] = []

    def make(workers: int = 8, policy: RetryPolicy = QUICK) -> Bridge:
        made.append(Bridge(workers, policy=policy))
        return made[-1]

    yield make
    for bridge in made:
        bridge.close()
    assert not pool_threads() - before, "a closed bridge left threads behind"


@pytest.fixture
def bridge(make_bridge: Callable[..., Bridge]) -> Bridge:
    """Make a private bridge of 8 workers that tries again quickly."""
    return make_bridge()


@pytest.fixture
def make_client(sandbox: Sandbox, bridge: Bridge) -> Callable[..., GitLabClient]:
    """Make clients of the sandbox: `make_client("alice.moreau", timeout=5)`; else the admin's."""

    def make(name: str = "admin", **settings: Any) -> GitLabClient:
        given = {"bridge": bridge, **settings}
        return GitLabClient(sandbox.url, sandbox.token(name), **given)

    return make


@pytest.fixture
def client(make_client: Callable[..., GitLabClient]) -> GitLabClient:
    """Make the administrator's client of the sandbox, on the private bridge."""
    return make_client()


@pytest.fixture
def make_pool() -> Iterator[Callable[..., SharedExecutor]]:
    """Make shared pools without a bridge: `make_pool(workers=2)`; ended, and no thread left."""
    made: list[SharedExecutor] = []

    def make(workers: int = 2) -> SharedExecutor:
        made.append(SharedExecutor(workers))
        return made[-1]

    yield make
    for pool in made:
        pool.shutdown(wait=False, cancel_futures=True)
    for pool in made:
        pool.join(PATIENCE)
        assert pool.threads == 0, "a pool left threads behind"


class Blocked:
    """All workers of a pool, held until `release`."""

    def __init__(self, pool: SharedExecutor) -> None:
        self._go = threading.Event()
        started = threading.Barrier(pool.max_workers + 1)

        def hold() -> None:
            started.wait(PATIENCE)
            self._go.wait(PATIENCE)

        self.futures = [pool.submit(hold) for _ in range(pool.max_workers)]
        started.wait(PATIENCE)

    def release(self) -> None:
        """Let them go, and wait until they have."""
        self._go.set()
        for future in self.futures:
            future.result(PATIENCE)


@pytest.fixture
def block() -> type[Blocked]:
    """Hold all workers of a pool until they are let go; see `Blocked`."""
    return Blocked


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """Give threads to calls that need not come back by themselves."""
    pool = ThreadPoolExecutor(16, thread_name_prefix="aside")
    yield pool
    pool.shutdown(wait=False, cancel_futures=True)


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait for what has no event of its own: `until(lambda: …, timeout=20)`, or fail."""

    def wait(condition: Callable[[], object], timeout: float = PATIENCE) -> None:
        end = time.monotonic() + timeout
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < end, f"it did not come about within {timeout} s"
            pause.wait(0.005)

    return wait


@pytest.fixture
def no_more_threads() -> AbstractContextManager[None]:
    """Let the system refuse to start threads inside the `with` block: none has so much memory."""

    @contextmanager
    def refuse() -> Iterator[None]:
        usual = threading.stack_size(1 << 46)
        try:
            yield
        finally:
            threading.stack_size(usual)

    return refuse()
