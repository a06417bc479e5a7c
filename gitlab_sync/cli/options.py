"""Options that several commands share, each group handed to the command as one value."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal, TypeVar, get_args

import click

from gitlab_sync.cli.exits import EPILOG
from gitlab_sync.cli.messages import log_to_stderr, write_json
from gitlab_sync.logs import FORMAT_VARIABLE, FORMATS
from gitlab_sync.rules.text import did_you_mean
from gitlab_sync.types import DEFAULT_SOURCE, STORE_VARIABLE, Source, StoreMode

F = TypeVar("F", bound=Callable[..., Any])
Format = Literal["table", "json", "ndjson", "csv", "xlsx", "parquet", "html"]

# The same as those of the exporters, which load libraries that `--help` does not need.
SUFFIXES: dict[str, Format] = {
    ".txt": "table",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".html": "html",
    ".htm": "html",
}
"""The format of a file by the suffix of its name, in lower case."""

BINARY: tuple[Format, ...] = ("xlsx", "parquet")
"""The formats that a terminal cannot show."""

FILE = click.Path(readable=False)
"""The type of a file name: nothing is checked, but shells complete it."""

# The limits of bridge, processes and session; importing them would load the engine.
_MOST_WORKERS = 256
_MOST_PROCESSES = 64
_MOST_SECONDS = 2_592_000


class Command(click.Command):
    """A command that lists the exit codes in its help, and accepts only texts that are UTF-8.

    Names of files can be any bytes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"epilog": EPILOG, **kwargs})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; click.BadParameter for other bytes, which no request can hold."""
        rest = super().parse_args(ctx, args)
        for parameter in self.params:
            given = ctx.params.get(parameter.name or "")
            texts = given if isinstance(given, tuple) else (given,)
            if not (isinstance(parameter.type, click.Path) or all(map(_is_unicode, texts))):
                raise click.BadParameter("must be UTF-8, got other bytes.", ctx, parameter)
        return rest


def _is_unicode(given: object) -> bool:
    """Return whether a value has no half of a surrogate pair, as Python keeps other bytes."""
    return not isinstance(given, str) or given.encode(errors="replace").decode() == given


class Number(click.FloatRange):
    """A number in a range. NaN is none, though it compares as within every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number; click.BadParameter for anything else."""
        number = super().convert(value, param, ctx)
        return number if math.isfinite(number) else self.fail(f"{value} is no number.", param, ctx)


class Choice(click.Choice[str]):
    """One of some texts; the error for another text names the nearest."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return the message for a value that is none of them."""
        message = super().get_invalid_choice_message(value, ctx)
        return message + did_you_mean(str(value), map(str, self.choices))


@dataclass(frozen=True, slots=True)
class Connection:
    """The GitLab, the token, and how long to wait. Times in seconds; None is the default.

    A `snapshot`, `DIR` or `DIR@RUN`, takes the place of a GitLab. `processes` of this machine, or
    the workers of the `cluster` at an address, do the work; `send_token` lets them have the token.
    """

    url: str | None = None
    token_env: str | None = None
    gitlab_id: str | None = None
    demo: bool = False
    snapshot: str | None = None
    workers: int | None = None
    processes: int | None = None
    cluster: str | None = None
    send_token: bool = False
    timeout: float | None = None
    max_wait: float = 300.0
    quiet: bool = False
    verbose: int = 0


@dataclass(frozen=True, slots=True)
class FactOptions:
    """The source of facts about merge requests, and whether facts are stored.

    `refresh` reads everything again and stores it; `clear` empties the store first.
    """

    source: Source = DEFAULT_SOURCE
    store: StoreMode = "on"
    refresh: bool = False
    clear: bool = False


NOTHING_KEPT = FactOptions(store="off")
"""For commands that read no facts about merge requests."""


@dataclass(frozen=True, slots=True)
class Target:
    """The format of the report, and its file (None: standard output)."""

    format: Format = "table"
    path: str | None = None


def refuse_tokens(command: F) -> F:
    """Refuse a token on the command line, where other users of the machine can see it."""

    def refuse(context: click.Context, _parameter: click.Parameter, given: str | None) -> None:
        if given is not None:
            raise click.UsageError(
                "A token must not be an argument: other users of this machine can read arguments, "
                "and shells store them. Put it into the environment variable GITLAB_TOKEN, name "
                "another variable with --token-env NAME, or use a file of python-gitlab.",
                context,
            )

    option = click.option(
        "--token", "--private-token", "--oauth-token", "--job-token",
        is_flag=False, flag_value="", hidden=True, expose_value=False, is_eager=True,
        callback=refuse,
    )  # fmt: skip
    return option(command)


def with_options(
    command: Callable[..., int],
    options: Sequence[Callable[[Callable[..., int]], Callable[..., int]]],
) -> Callable[..., int]:
    """Add options to a command, which shows them in this order."""
    return functools.reduce(lambda made, option: option(made), reversed(options), command)


def _choose_log_format(context: click.Context, _parameter: click.Parameter, form: str) -> None:
    if form == "json" and not context.resilient_parsing:
        write_json()


quiet_option = click.option("--quiet", "-q", is_flag=True, help="Report errors only.")

_CONNECTION = (
    click.option("--url", metavar="URL", help="The URL of the GitLab. Default: GITLAB_URL."),
    click.option(
        "--token-env", metavar="NAME",
        help="The environment variable that holds the token. Default: GITLAB_TOKEN.",
    ),
    click.option(
        "--gitlab-id", metavar="ID",
        help="The section of python-gitlab's configuration with URL and token.",
    ),
    click.option(
        "--demo", is_flag=True, help="Use the built-in demo GitLab; needs no URL and no token.",
    ),
    click.option(
        "--workers", "--requests-at-once", "workers", metavar="N",
        type=click.IntRange(1, _MOST_WORKERS),
        help="Concurrent requests. Default: GITLAB_SYNC_WORKERS, or 32.",
    ),
    click.option(
        "--timeout", type=Number(0, _MOST_SECONDS, min_open=True), metavar="S",
        help="Seconds for one request with all its attempts. Default: only each attempt is "
        "limited.",
    ),
    click.option(
        "--max-wait", type=Number(0, _MOST_SECONDS), metavar="S", default=300.0, show_default=True,
        help="Seconds to wait at most for a rate limit to reset.",
    ),
    quiet_option,
    click.option(
        "--verbose", "-v", count=True, help="Log to standard error; twice: each request, too.",
    ),
    click.option(
        "--log-format", type=Choice(FORMATS), default="text", show_default=True,
        envvar=FORMAT_VARIABLE, show_envvar=True, is_eager=True, expose_value=False,
        callback=_choose_log_format,
        help="json: one object per line on standard error, and nothing else there.",
    ),
)  # fmt: skip


def connection_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of `Connection`, and pass them as the argument `connection`."""

    @functools.wraps(command)
    def gather(**given: Any) -> int:
        names = Connection.__dataclass_fields__
        connection = Connection(**{name: given.pop(name) for name in names if name in given})
        if connection.demo and connection.snapshot is not None:
            raise click.UsageError("--from excludes --demo: rows come from one of them.")
        _check_machines(connection)
        if connection.verbose or connection.quiet:
            log_to_stderr(connection.verbose, quiet=connection.quiet)
        if connection.demo and (connection.url or connection.token_env or connection.gitlab_id):
            raise click.UsageError(
                "--demo excludes --url, --token-env and --gitlab-id: it has a GitLab of its own."
            )
        return command(connection=connection, **given)

    return refuse_tokens(with_options(gather, _CONNECTION))


def _check_machines(connection: Connection) -> None:
    if connection.processes is not None and connection.cluster is not None:
        raise click.UsageError("--processes excludes --cluster: one of them does the work.")
    if connection.snapshot is not None and (connection.processes or connection.cluster):
        raise click.UsageError("--from excludes --processes and --cluster: nothing is read.")
    if connection.cluster is not None and connection.demo:
        raise click.UsageError("--cluster excludes --demo: other machines cannot reach it.")
    if connection.send_token and not (connection.cluster or "").startswith("tls://"):
        raise click.UsageError("--send-token needs --cluster tls://…: tokens go encrypted only.")


_MACHINES = (
    click.option(
        "--processes", type=click.IntRange(1, _MOST_PROCESSES), metavar="N",
        help="Use N processes of this machine. The rows are the same.",
    ),
    click.option(
        "--cluster", metavar="ADDRESS",
        help="Use the workers of a dask scheduler: tcp://… or tls://…. Each reads the token from "
        "its own environment or file.",
    ),
    click.option(
        "--send-token", is_flag=True, help="Send the token to the workers, over tls:// only.",
    ),
)  # fmt: skip


def machine_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options for many machines, which `connection_options` passes on."""
    return with_options(command, _MACHINES)


from_option = click.option(
    "--from", "snapshot", metavar="DIR[@RUN]",
    help="Take everything from a snapshot, without a request: the last run of the folder, or RUN. "
    "Without people these are all of the snapshot.",
)  # fmt: skip

quick_option = click.option(
    "--quick", is_flag=True,
    help="Estimate merge requests from lists alone, with few requests: issues, commits and reviews "
    "are estimated, pipelines are unknown.",
)  # fmt: skip

source_option = click.option(
    "--source", type=Choice(get_args(Source)), default=DEFAULT_SOURCE,
    show_default=True, help="Where to read facts about merge requests: auto uses GraphQL "
    "for many at once if the GitLab has it, and REST otherwise. The rows are the same.",
)  # fmt: skip

store_option = click.option(
    "--store", type=Choice(get_args(StoreMode)), default="on", show_default=True,
    envvar=STORE_VARIABLE, show_envvar=True,
    help="Store facts about ended merge requests on this disk, and read nothing twice.",
)  # fmt: skip

_FACTS = (
    source_option,
    store_option,
    click.option(
        "--refresh", is_flag=True, help="Read everything again, and store it.",
    ),
    click.option(
        "--clear-store", "clear", is_flag=True,
        help="First delete everything that is stored of this GitLab.",
    ),
)  # fmt: skip


def fact_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of `FactOptions`, and pass them as the argument `facts`."""

    @functools.wraps(command)
    def gather(**given: Any) -> int:
        facts = FactOptions(**{name: given.pop(name) for name in FactOptions.__dataclass_fields__})
        return command(facts=facts, **given)

    return with_options(gather, _FACTS)


def _format_of(path: str | None) -> Format:
    """Return the format of a file without `--format`; click.UsageError for a suffix with a typo."""
    suffix = PurePath(path or "").suffix.lower()
    near = did_you_mean(suffix, SUFFIXES, 0.7) if suffix and suffix not in SUFFIXES else ""
    if near:
        raise click.UsageError(
            f"{path}: no format has the suffix {suffix}.{near} Or name the format with --format."
        )
    return SUFFIXES.get(suffix, "table")


def target_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of `Target`, and pass them as the argument `target`.

    Without `--format` the name of the file decides. A binary format never goes to a terminal.
    """

    @functools.wraps(command)
    def gather(**given: Any) -> int:
        form, path = given.pop("format"), given.pop("output")
        target = Target(form or _format_of(path), path)
        if target.format in BINARY and path is None and sys.stdout.isatty():
            raise click.UsageError(
                f"{target.format} cannot be shown on a terminal: give --output FILE, or redirect "
                "standard output."
            )
        return command(target=target, **given)

    path = click.option(
        "--output", "-o", type=FILE, metavar="FILE",
        help="Write to this file, completely or not at all. Default: standard output.",
    )  # fmt: skip
    form = click.option(
        "--format", "-f", type=Choice(get_args(Format)),
        help="Default: by the suffix of --output, else table. json: a list of objects; "
        "ndjson: one object per line, as soon as it is known.",
    )  # fmt: skip
    return form(path(gather))
