"""A sandbox as a process of its own: `python -m gitlab_sync.sandbox --users 20 --port 8929`."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

import orjson

from gitlab_sync.sandbox.demo import demo_world
from gitlab_sync.sandbox.generate import generate_world
from gitlab_sync.sandbox.load import load_world
from gitlab_sync.sandbox.server import Sandbox
from gitlab_sync.sandbox.tokens import ADMIN_TOKEN
from gitlab_sync.sandbox.world import World

SIZES = ("seed", "users", "merge_requests", "issues", "projects")
"""What a made world's size is told by; its defaults are those of `generate_world`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, or with `--parent-pipe` until standard input closes.

    When it listens, one JSON line with `url` and `token` goes to standard output.
    """
    options = _parser().parse_args(arguments)
    # The interpreter itself writes a byte for each signal. A handler that set an event could hang
    # forever: it runs in the main thread, which can hold the lock of the event it waits for.
    told, teller = socket.socketpair()
    teller.setblocking(False)
    signal.set_wakeup_fd(teller.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, _leave_it_to_the_byte)
    signal.signal(signal.SIGINT, _leave_it_to_the_byte)
    if options.parent_pipe:
        threading.Thread(target=_watch, args=(teller,), daemon=True).start()
    world = make_world(
        options.data,
        demo=options.demo,
        sizes={name: getattr(options, name) for name in SIZES},
    )
    gc.freeze()  # The world stays as long as the process: no collection need look at it again.
    sandbox = Sandbox(
        world,
        port=options.port,
        latency=options.latency_ms / 1000,
        threads=options.threads,
        graphql=not options.no_graphql,
        graphql_without=options.graphql_without,
        node_latency=options.node_latency_ms / 1000,
    )
    with sandbox:
        line = orjson.dumps({"url": sandbox.url, "token": ADMIN_TOKEN}).decode()
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        told.recv(1)
    return 0


def make_world(data: str | None, *, demo: bool, sizes: Mapping[str, int | None]) -> World:
    """Return the world that options ask for: a folder's, the demo's, or one made from a seed.

    The first of them that is given wins. `sizes` are by `SIZES`; what is None, or not there, is as
    large as usual. Raises OSError, EOFError, ValueError or KeyError for a folder that holds none.
    """
    if data:
        return load_world(data)
    if demo:
        return demo_world()
    given: dict[str, Any] = {name: size for name, size in sizes.items() if size is not None}
    return generate_world(**given)


def _leave_it_to_the_byte(_number: int, _frame: FrameType | None) -> None:
    """Do nothing; without a handler the interpreter would not write the byte."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gitlab_sync.sandbox",
        description="Serve a GitLab that answers from a folder, a seed or the demo's world.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes any free one")
    parser.add_argument("--data", metavar="DIR", help="a folder of gzipped JSON lines")
    parser.add_argument("--demo", action="store_true", help="the demo's world")
    parser.add_argument("--seed", type=int, help="for a generated world (0)")
    parser.add_argument("--users", type=int, help="of a generated world (10)")
    parser.add_argument("--merge-requests", type=int, help="written by each user (10)")
    parser.add_argument("--issues", type=int, help="written by each user (5)")
    parser.add_argument("--projects", type=int, help="of a generated world (4)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="added to each answer")
    parser.add_argument(
        "--node-latency-ms",
        type=float,
        default=0.0,
        help="added to an answer of GraphQL for each merge request in it",
    )
    parser.add_argument("--no-graphql", action="store_true", help="only REST is there")
    parser.add_argument(
        "--graphql-without",
        action="append",
        default=[],
        metavar="FIELD",
        help="as MergeRequest.closedAt; can be repeated",
    )
    parser.add_argument("--threads", type=int, default=70, help="requests answered at once")
    parser.add_argument("--parent-pipe", action="store_true", help="end when standard input closes")
    return parser


def _watch(teller: socket.socket) -> None:
    """Write a byte when standard input ends: then the process that started this is gone."""
    with contextlib.suppress(OSError, ValueError):
        # Past Python's buffer: a thread that still holds its lock when the process ends aborts it.
        while os.read(sys.stdin.fileno(), 4096):
            pass
    with contextlib.suppress(OSError):
        teller.send(b"\0")


if __name__ == "__main__":
    sys.exit(main())
