"""A sandbox as a process of its own: `python -m gitlab_sync.sandbox --users 20 --port 8929`."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

import orjson

from gitlab_sync.sandbox.server import Sandbox
from gitlab_sync.sandbox.tokens import ADMIN_TOKEN
from gitlab_sync.sandbox.world import World


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, or with `--parent-pipe` until standard input closes.

    When it listens, one JSON line with `url` and `token` goes to standard output.
    """
    options = _parser().parse_args(arguments)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if options.parent_pipe:
        threading.Thread(target=_watch, args=(ended,), daemon=True).start()
    world = _world(options)
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
        ended.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gitlab_sync.sandbox",
        description="Serve a GitLab that answers from a folder, a seed or the demo's world.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes any free one")
    parser.add_argument("--data", metavar="DIR", help="a folder of gzipped JSON lines")
    parser.add_argument("--demo", action="store_true", help="the demo's world")
    parser.add_argument("--seed", type=int, default=0, help="for a generated world")
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--merge-requests", type=int, default=10, help="written by each user")
    parser.add_argument("--issues", type=int, default=5, help="written by each user")
    parser.add_argument("--projects", type=int, default=4)
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
        help="as MergeRequest.closedAt; may be repeated",
    )
    parser.add_argument("--threads", type=int, default=70, help="requests answered at once")
    parser.add_argument("--parent-pipe", action="store_true", help="end when standard input closes")
    return parser


def _world(options: argparse.Namespace) -> World:
    if options.data:
        return World.load(options.data)
    if options.demo:
        return World.demo()
    return World.generate(
        seed=options.seed,
        users=options.users,
        merge_requests=options.merge_requests,
        issues=options.issues,
        projects=options.projects,
    )


def _watch(ended: threading.Event) -> None:
    """Set `ended` when standard input does: then whoever started this is gone."""
    with contextlib.suppress(OSError, ValueError):
        # Past Python's buffer: a thread that still holds its lock when the process ends aborts it.
        while os.read(sys.stdin.fileno(), 4096):
            pass
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
