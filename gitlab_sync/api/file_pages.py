"""Files of projects by the address of their page, as a browser shows it."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from gitlab_sync.api.files import bytes_of, file_endpoint
from gitlab_sync.errors import ConfigurationError, NotFound, without_secrets
from gitlab_sync.session.session import Client, session_of
from gitlab_sync.session.workflow import read_one

_PAGE = re.compile(r"/(?P<project>[^?#]+?)/-/(?:blob|raw)/(?P<ref>[^/?#]+)/(?P<path>[^?#]+)")


def read_page(client: Client, address: str) -> bytes:
    """Return the content of the file behind an address such as `https://host/a/b/-/blob/main/c`.

    It costs one request, with the client's own credential, and only to the client's own GitLab.
    Branch, tag or commit are the one part behind `blob` or `raw`. Raises ConfigurationError for an
    address at another GitLab, of no file, or of one that is not there.
    """
    base, shown = session_of(client).base_url, without_secrets(address)
    if not _is_below(address, base):
        raise ConfigurationError(
            f"A policy must be a file of the configured GitLab, {base}, got {shown}",
            hint="The token of one GitLab is never sent to another: copy the file.",
        )
    found = _PAGE.match(address[len(base) :])
    if found is None:
        raise ConfigurationError(
            f"A policy must be the address of a file, got {shown}",
            hint=f"Such as {base}/group/project/-/blob/main/gitlab-sync.toml.",
        )
    project, ref, path = (unquote(found[name]) for name in ("project", "ref", "path"))
    try:
        return bytes_of(read_one(client, file_endpoint(project, path), {"ref": ref}))
    except NotFound as error:
        raise ConfigurationError(
            f"There is no file at {shown}: {error.reason}",
            hint="The token must be able to read its project.",
        ) from None


def _is_below(address: str, base: str) -> bool:
    """Return whether an address is one of this GitLab, whatever the case of the host."""
    try:
        given, own = urlsplit(address), urlsplit(base)
    except ValueError:
        return False
    same = (given.scheme, given.netloc.lower()) == (own.scheme, own.netloc.lower())
    return same and given.path.startswith(f"{own.path}/")
