"""No event loop anywhere in our code: by its syntax, and in a process that does real work."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOOPS = {
    "aiohttp", "anyio", "asgiref", "asyncio", "curio", "dask", "distributed", "gevent",
    "eventlet", "httpx", "nest_asyncio", "tornado", "trio", "twisted", "uvloop",
}  # fmt: skip
ASYNC = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)

# The one file that stands in for a caller with an event loop: it proves the recipe of migrating.md.
CALLERS_LOOP = ROOT / "tests" / "with_server" / "test_callers_own_loop.py"
# What is measured against: a client with a loop, and one that could have one and has threads.
LOOP_PEER = ROOT / "benchmarks" / "peers" / "aiohttp_loop.py"
CLUSTER = ROOT / "gitlab_sync" / "workers" / "cluster.py"  # the optional extra: dask has its own
THREADS_PEER = ROOT / "benchmarks" / "peers" / "httpx_threads.py"


def sources() -> list[Path]:
    """Return all our Python files but those that are here to show or to be another's loop."""
    folders = ("gitlab_sync", "tests", "benchmarks")
    found = {path for folder in folders for path in (ROOT / folder).rglob("*.py")}
    for exempt in (CALLERS_LOOP, LOOP_PEER, THREADS_PEER, CLUSTER):
        found.remove(exempt)
    return [ROOT / "app.py", *sorted(found)]


def loop_code(tree: ast.AST) -> Iterator[str]:
    """Yield what in a syntax tree belongs to an event loop."""
    for node in ast.walk(tree):
        if isinstance(node, ASYNC):
            yield f"line {node.lineno}: {type(node).__name__}"
        elif isinstance(node, ast.comprehension) and node.is_async:
            yield "an asynchronous comprehension"
        elif isinstance(node, ast.Import):
            yield from (
                f"line {node.lineno}: import {alias.name}"
                for alias in node.names
                if alias.name.partition(".")[0] in LOOPS
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LOOPS:
            yield f"line {node.lineno}: from {node.module}"
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            if called in {"__import__", "import_module"}:
                named = {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
                yield from (f"line {node.lineno}: {name}" for name in named & LOOPS)


@pytest.mark.slow
def test_no_file_has_event_loop_code() -> None:
    """No async def, no await, no import of a library that is or hides a loop."""
    found = {
        str(path.relative_to(ROOT)): list(loop_code(ast.parse(path.read_text(encoding="utf-8"))))
        for path in sources()
    }
    assert {name: code for name, code in found.items() if code} == {}
    assert len(found) > 400


def test_the_peer_with_threads_has_no_loop() -> None:
    """Its library has an interface without one, and that is all it uses."""
    found = list(loop_code(ast.parse(THREADS_PEER.read_text(encoding="utf-8"))))
    assert len(found) == 1
    assert found[0].endswith("import httpx")


def test_the_cluster_has_no_loop_of_ours() -> None:
    """It waits for dask, which runs one in its own code, and does nothing else with a loop."""
    found = list(loop_code(ast.parse(CLUSTER.read_text(encoding="utf-8"))))
    assert found
    assert all(each.endswith("from distributed") for each in found)


@pytest.mark.parametrize(
    "text",
    [
        "async def f(): pass",
        "async def f(): await g()",
        "import asyncio.events",
        "from anyio import run",
        "__import__('trio')",
        "import importlib; importlib.import_module('asyncio')",
    ],
)
def test_the_scan_finds_what_it_looks_for(text: str) -> None:
    """A scan that finds nothing anywhere proves nothing."""
    assert list(loop_code(ast.parse(text)))


WHOLE_BATCH = """
import runpy, sys
from importlib import import_module

loops = import_module("asyncio.base_events")
made = []
original = loops.BaseEventLoop.__init__

def counting(self, *args, **kwargs):
    made.append(self)
    original(self, *args, **kwargs)

loops.BaseEventLoop.__init__ = counting
sys.argv = ["gitlab-sync", "mrs", "--demo", "--format", "json"]
try:
    runpy.run_module("gitlab_sync.cli.main", run_name="__main__")
except SystemExit as end:
    print("exit", end.code, file=sys.stderr)
print("loops", len(made), file=sys.stderr)
"""


@pytest.mark.slow
def test_a_whole_batch_by_the_command_makes_no_event_loop() -> None:
    """Not by us, and not by any library that the command uses."""
    run = subprocess.run(
        [sys.executable, "-c", WHOLE_BATCH], capture_output=True, text=True, timeout=100, cwd=ROOT
    )
    assert '"Closed MRs"' in run.stdout, run.stderr
    assert "loops 0" in run.stderr
