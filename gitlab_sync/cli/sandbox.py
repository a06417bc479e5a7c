"""`sandbox`: serve a GitLab for experiments on this machine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli.exits import OK
from gitlab_sync.cli.messages import printable
from gitlab_sync.cli.options import Command, Number, refuse_tokens

if TYPE_CHECKING:
    from gitlab_sync.sandbox import World

_MOST = 100_000  # of one kind; memory ends before that
_LONGEST = 3_600_000  # milliseconds


@click.command(cls=Command)
@click.option(
    "--data", type=click.Path(file_okay=False, readable=False), metavar="DIR",
    help="Serve the data in a folder of gzipped JSON lines.",
)  # fmt: skip
@click.option("--demo", is_flag=True, help="Serve the small world of the demo (the default).")
@click.option(
    "--seed", type=int, metavar="N", help="Generate a world; the same seed gives the same world."
)
@click.option(
    "--users", type=click.IntRange(1, _MOST), metavar="N", help="Number of people. Default: 10."
)
@click.option(
    "--merge-requests", type=click.IntRange(0, _MOST), metavar="N",
    help="Merge requests per person. Default: 10.",
)  # fmt: skip
@click.option(
    "--issues", type=click.IntRange(0, _MOST), metavar="N", help="Issues per person. Default: 5.",
)  # fmt: skip
@click.option(
    "--projects", type=click.IntRange(1, _MOST), metavar="N", help="Number of projects. Default: 4."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="N", default=8929, show_default=True,
    help="The port on this machine; 0: any free port.",
)  # fmt: skip
@click.option(
    "--latency-ms", type=Number(0, _LONGEST), metavar="N", default=0.0, show_default=True,
    help="Milliseconds to add to each response.",
)  # fmt: skip
@refuse_tokens
def sandbox(data: str | None, demo: bool, port: int, latency_ms: float, **sizes: int | None) -> int:
    """Serve a GitLab on this machine until Ctrl-C."""
    given = {name: size for name, size in sizes.items() if size is not None}
    if bool(data) + demo + bool(given) > 1:
        raise click.UsageError("Choose one world: --data DIR, --demo, or --seed and sizes.")

    from gitlab_sync.cli.signals import Interruption
    from gitlab_sync.sandbox import ADMIN_TOKEN, Sandbox

    world = _world(data, given)
    server = Sandbox(world, port=port, latency=latency_ms / 1000)
    ended = threading.Event()
    with Interruption() as interruption, interruption.cancel.on_cancel(ended.set):
        try:
            server.start()
        except OSError as error:
            raise click.UsageError(f"Port {port} cannot be used: {error.strerror}") from None
        with server:
            environment = f"GITLAB_URL={server.url} GITLAB_TOKEN={ADMIN_TOKEN}"
            click.echo(
                f"A GitLab listens at {server.url}; the token is {ADMIN_TOKEN}. Try:\n\n"
                f"  {environment} gitlab-sync mrs {printable(_an_author(world))}\n\n"
                "Ctrl-C ends it.",
                err=True,
            )
            ended.wait()
    return OK


def _world(data: str | None, given: dict[str, int]) -> World:
    from gitlab_sync.sandbox.__main__ import make_world

    try:
        return make_world(data, demo=not given, sizes=given)
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise click.UsageError(f"{data or 'That world'} cannot be served: {error}") from None


def _an_author(world: World) -> str:
    """Return the username of the author of a merge request, for an example worth trying."""
    authors = (str(record["author"]["username"]) for record in world.tables.merge_requests)
    return next(authors, "root")
