"""Turns endpoints and parameters into URLs, and brings URLs in answers back to our own host."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, ParamSpec
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlencode, urlsplit

from gitlab_sync.errors import BadResponse, ConfigurationError, without_secrets

P = ParamSpec("P")

API_PATH = "/api/v4"
_DEEPEST_GITLAB = 3  # segments of the path of a GitLab, less one
_SAFE = "/:@!$&'()*+,;=~-._"
_PRINTABLE = re.compile(r"[!-~]+")  # what the first line of a request can contain
# An endpoint that needs no change: most are like this, so they are recognised first.
_PLAIN = re.compile(r"(?!api/)[\w-]+(?:/[\w-]+)*(?:\?[\w-]+=[\w-]*(?:&[\w-]+=[\w-]*)*)?", re.ASCII)
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def clean_base_url(url: str) -> str:
    """Return an instance's URL without `/` and `/api/v4` at its end.

    Raises ConfigurationError for anything but an http or https URL with a host and a path.
    """
    text = url.strip() if isinstance(url, str) else ""
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        good = False
    if not good or not text.isprintable() or re.search(r"[\s\\]", text):
        raise ConfigurationError(
            f"A GitLab's URL must be http or https with a host, got {without_secrets(str(url))!r}",
            hint="Give the whole URL, such as https://gitlab.example.com.",
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(
            "A GitLab's URL must have no user, password, query or fragment",
            hint="Give only scheme, host and path; the token is set separately.",
        )
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return base.removesuffix(API_PATH)


def without_page(address: str) -> str:
    """Return the address of a page in a GitLab as a clean base URL, without `/-/` and what follows.

    Query and fragment are left out, too. Raises ConfigurationError as `clean_base_url` does.
    """
    path = re.split(r"[?#]", address.strip(), maxsplit=1)[0]
    return clean_base_url(re.split(r"/-(?:/|$)", path, maxsplit=1)[0])


def instances_of(base_url: str) -> list[str]:
    """Return the URLs at which the GitLab of a clean base URL can be, the likeliest first.

    A GitLab can have a path of its own, and the URL can be that of a group or project in it.
    """
    parts = urlsplit(base_url)
    root = f"{parts.scheme}://{parts.netloc}"
    names = parts.path.split("/")[1:]
    above = [f"{root}/{'/'.join(names[:depth])}".rstrip("/") for depth in range(_DEEPEST_GITLAB)]
    return list(dict.fromkeys([base_url, *above]))


def _of_unicode(make: Callable[P, str]) -> Callable[P, str]:
    """Let a function raise ConfigurationError for text that UTF-8 cannot hold."""

    @functools.wraps(make)
    def checked(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return make(*args, **kwargs)
        except UnicodeEncodeError as error:
            raise ConfigurationError(
                f"A part of a URL must be UTF-8, got {error.object!r}"
            ) from None

    return checked


@_of_unicode
def encode_id(project_or_group: int | str) -> str:
    """Return an id or a path as one path segment; one that is already encoded stays the same."""
    return quote(str(project_or_group).strip().strip("/"), safe="%")


@_of_unicode
def encode_segment(text: str) -> str:
    """Return a text, such as the path of a file or a branch, as one path segment."""
    return quote(text, safe="")


@_of_unicode
def encode_query(params: Mapping[str, Any]) -> str:
    """Encode parameters for GitLab: None is left out, booleans in lower case, lists as `key[]`."""
    return "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in _pairs(params))


def _pairs(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in params.items():
        if value is None:
            continue
        if isinstance(value, Mapping):
            yield from _pairs({f"{key}[{inner}]": item for inner, item in value.items()})
        elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
            name = key if key.endswith("[]") else f"{key}[]"
            yield from ((name, _text(item)) for item in value if item is not None)
        else:
            yield key, _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value.decode() if isinstance(value, bytes) else str(value)


def target(endpoint: str, params: Mapping[str, Any] | None, base_url: str) -> str:
    """Return path and query below the API's root, such as `projects/1/issues?state=closed`.

    `endpoint` can begin with `/`, `/api/v4/` or the whole base URL, and can have its own query;
    `params` replace parameters of the same name there. Raises ConfigurationError for another host,
    an empty endpoint or one with `..` in its path.
    """
    if _PLAIN.fullmatch(endpoint) and not (params and "?" in endpoint):
        query = encode_query(params or {})
        return f"{endpoint}?{query}" if query else endpoint
    return _encoded_target(endpoint, params or {}, base_url)


@_of_unicode
def _encoded_target(endpoint: str, given: Mapping[str, Any], base_url: str) -> str:
    text = endpoint.strip()
    if "://" in text.partition("?")[0]:
        if not text.startswith(base_url + "/"):
            raise ConfigurationError(f"The endpoint must be below {base_url}, got {text!r}")
        text = text.removeprefix(base_url)
    path, _, own = text.partition("?")
    path = path.lstrip("/")
    path = path.removeprefix(API_PATH.lstrip("/") + "/")
    if not path:
        raise ConfigurationError(
            "The endpoint must not be empty", hint="Give one, such as 'projects/1'."
        )
    if _leads_out(path):
        raise ConfigurationError(f"The endpoint must have no '.' or '..' in it, got {endpoint!r}")
    path = quote(_BARE_PERCENT.sub("%25", path), safe=_SAFE + "%")
    pairs = parse_qsl(own, keep_blank_values=True)
    kept = [(key, value) for key, value in pairs if given.get(key) is None]
    query = urlencode([*kept, *_pairs(given)])
    return f"{path}?{query}" if query else path


def reroot(link: str, base_url: str) -> str:
    """Return the target of a `Link` or `Location` header, on the host that we were given.

    Behind a proxy GitLab names the host it was configured with, so the link's host and prefix do
    not count, only what follows `/api/v4/`. Raises BadResponse for a link to anywhere else.
    """
    try:
        parts = urlsplit(link)
    except ValueError:
        raise _elsewhere(link) from None
    before, found, rest = parts.path.partition(API_PATH + "/")
    own_prefix = urlsplit(base_url).path
    strange = not rest or _leads_out(rest) or not _PRINTABLE.fullmatch(link)
    if not found or strange or (before not in {"", own_prefix} and not parts.netloc):
        raise _elsewhere(link)
    return f"{rest}?{parts.query}" if parts.query else rest


def moved_to(asked: str, location: str, base_url: str) -> str:
    """Return the new target for `asked`, by the `Location` of a redirect.

    GitLab redirects so for a renamed project: only the second segment, its id, changes. Raises
    BadResponse for a redirect to anything else, since its answer would be to another request.
    """
    path, _, query = asked.partition("?")
    new_path, _, new_query = reroot(location, base_url).partition("?")
    old, new = ([unquote(segment) for segment in one.split("/")] for one in (path, new_path))
    same_place = old[:1] == new[:1] and old[2:] == new[2:] and len(old) == len(new)
    if not same_place or old == new or (new_query and parse_qsl(new_query) != parse_qsl(query)):
        raise _elsewhere(location, "which is not what was requested")
    return f"{new_path}?{query}" if query else new_path


def _leads_out(path: str) -> bool:
    """Return whether a path can lead out of the API's root."""
    return any(unquote(segment) in {".", ".."} for segment in path.split("/"))


def _elsewhere(link: str, why: str = "which is not its API") -> BadResponse:
    error = BadResponse(
        f"The server redirects to {without_secrets(re.split('[?#]', link)[0])}, {why}",
        hint="Check that the URL is GitLab's own, and begins with https if the server requires it.",
    )
    error.lasting = True
    return error
