"""`app`: serve the web app to the person at this machine."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click

from gitlab_sync.cli.exits import OK
from gitlab_sync.cli.options import Command, refuse_tokens


@click.command(cls=Command)
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="N",
    help="The port on this machine. Default: the first free one from 8501 on.",
)  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Do not open the page in a browser.")
@refuse_tokens
def app(port: int | None, *, no_browser: bool) -> int:
    """Serve the web app to yourself until Ctrl-C, for any GitLab.

    It answers only to this machine. The token that you enter on its page goes only to the GitLab
    that you enter with it. To serve other people, see docs/how-to/deployment.md.
    """
    if find_spec("streamlit") is None:
        raise click.UsageError('The app needs Streamlit: pip install "gitlab-sync[app]".')
    # The commands and the app do not import each other.
    import_module("gitlab_sync.pages.own.serve").serve(port, opens_browser=not no_browser)
    return OK
