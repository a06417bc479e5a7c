"""`sql`: answer a question in SQL from the tables of a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli import exits, options
from gitlab_sync.cli.files import STANDARD_INPUT, read_bytes
from gitlab_sync.cli.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitlab_sync.cli.output import Output
    from gitlab_sync.snapshots.database import Source

_MOST_SECONDS = 86_400


@click.command(cls=options.Command)
@click.argument("question", metavar="SQL")
@click.option(
    "--from", "name", required=True, metavar="DIR[@RUN]",
    help="The snapshot: the last run of the folder, or RUN.",
)  # fmt: skip
@click.option(
    "--limit-seconds", type=options.Number(0, _MOST_SECONDS, min_open=True), default=30.0,
    show_default=True, metavar="S", help="End a question that takes longer.",
)  # fmt: skip
@options.target_options
@options.quiet_option
@options.refuse_tokens
def sql(
    question: str,
    name: str,
    limit_seconds: float,
    target: options.Target,
    quiet: bool,  # noqa: ARG001 - messages look it up
) -> int:
    """Answer a question in SQL from the tables of a snapshot.

    SQL is one SELECT, in DuckDB's dialect; - reads it from standard input. It reads the tables of
    the run, and nothing else of this machine.
    """
    if question == STANDARD_INPUT:
        question = read_bytes(question).decode(errors="replace")

    from gitlab_sync.cli.output import Output
    from gitlab_sync.cli.signals import Interruption
    from gitlab_sync.errors import Cancelled
    from gitlab_sync.snapshots.runs import source_of
    from gitlab_sync.snapshots.sql import Questions

    source = source_of(name)
    with Interruption() as interruption, Questions(source) as questions:
        cancel = interruption.cancel
        try:
            with (
                cancel.on_cancel(lambda: questions.interrupt(cancel.reason)),
                Output(target, interruption) as output,
            ):
                return _show(source, question, questions.ask(question, limit_seconds), output)
        except Cancelled as cancelled:
            say(str(cancelled))
            return interruption.exit_code or exits.NOTHING


def _show(
    source: Source,
    question: str,
    answer: tuple[Sequence[str], Iterator[Sequence[Any]]],
    output: Output,
) -> int:
    from gitlab_sync.reports.sheet import Meta, Sheet
    from gitlab_sync.snapshots.sql import flat

    titles, rows = answer
    shown = (row if output.holds_objects else map(flat, row) for row in rows)
    taken = output.take(dict(zip(titles, row, strict=True)) for row in shown)
    info = source.info
    meta = Meta(info.moment, info.instance, ", ".join(info.completeness.values()), question)
    output.finish(Sheet("Answer", titles, taken.rows, meta, nothing={*titles}))
    if taken.left_out:
        say(f"{taken.left_out:,} rows left out: --format ndjson shows all")
    if not info.whole:
        say(f"the run {source.run} is not whole: {meta.completeness}")
    return exits.OK if info.whole and not taken.left_out else exits.INCOMPLETE
