"""Finds the URL of a GitLab and a token: on the command line, in the environment, in files."""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.urls import clean_base_url
from gitlab_sync.rules.text import did_you_mean

if TYPE_CHECKING:
    from gitlab.config import GitlabConfigParser

URL_VARIABLE = "GITLAB_URL"
TOKEN_VARIABLE = "GITLAB_TOKEN"  # noqa: S105 - the name of a variable
CI_URL_VARIABLE = "CI_SERVER_URL"
CI_API_VARIABLE = "CI_API_V4_URL"
CI_JOB_VARIABLE = "CI_JOB_TOKEN"
CFG_VARIABLE = "PYTHON_GITLAB_CFG"
SYSTEM_FILE = Path("/etc/python-gitlab.cfg")

_JOB_TOKEN = (
    "A CI job token can read little, so it is used only where it is named: "
    f"--token-env {CI_JOB_VARIABLE}. "
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The URL of a GitLab and a token for it. Immutable; the repr hides the token.

    `source` says in words where both come from. `verify` is what a file of python-gitlab says about
    TLS certificates: the path of a bundle, "false", or None if it says nothing special.
    """

    url: str
    credential: Credential
    source: str
    verify: str | None = None

    @property
    def tls(self) -> bool | str | None:
        """What a bridge checks certificates against: the environment comes before a file."""
        if os.environ.get("GITLAB_SSL_VERIFY", "").strip():
            return None
        return False if self.verify == "false" else self.verify


def resolve(
    url: str | None = None,
    token_env: str | None = None,
    gitlab_id: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Find the URL and the token, each in the first place that has it.

    Arguments come first (`token_env` names the variable that holds the token, `gitlab_id` a section
    of python-gitlab's files), then `GITLAB_URL` and `GITLAB_TOKEN`, with `CI_SERVER_URL` or
    `CI_API_V4_URL` as the URL inside GitLab CI, then python-gitlab's files. A token in a file goes
    only to the URL in the same section. Raises ConfigurationError, which says what to set.
    """
    token = None if gitlab_id else _variable(environ, TOKEN_VARIABLE)
    token_from = TOKEN_VARIABLE
    if token_env:
        token = _variable(environ, token_env)
        token_from = token_env
        if token is None:
            # The name is not repeated: it could be a token, given in the wrong place.
            raise ConfigurationError(
                "The environment variable for the token is not set or empty",
                hint="Give the NAME of a variable that holds the token, not the token itself.",
            )
    found, url_from = _url(url, gitlab_id, environ, with_ci=bool(token))
    if found and token:
        credential = _credential(token, token_from, environ)
        return Settings(clean_base_url(found), credential, f"{url_from} and {token_from}")
    section = _section(gitlab_id, environ)
    if section is None:
        raise _missing(found, token, environ)
    given = None if token is None else _credential(token, token_from, environ)
    return _completed(section, found, given)


def url_alone(
    url: str | None, gitlab_id: str | None, environ: Mapping[str, str] = os.environ
) -> Settings | None:
    """Find the URL as `resolve` does, for want of a token: the credential is empty.

    None if there is no URL. Raises ConfigurationError for one that makes no sense.
    """
    found, url_from = _url(url, gitlab_id, environ, with_ci=True)
    if not found:
        section = _section(gitlab_id, environ)
        if section is None or not section.url:
            return None
        found, url_from = section.url, f"section [{section.gitlab_id}]"
    return Settings(clean_base_url(found), Credential(None), url_from)


def _url(
    url: str | None, gitlab_id: str | None, environ: Mapping[str, str], *, with_ci: bool
) -> tuple[str | None, str]:
    """Return the URL outside of files, and where it is from."""
    if url or gitlab_id:
        return url, "the command line"
    for name in (URL_VARIABLE, *((CI_URL_VARIABLE, CI_API_VARIABLE) if with_ci else ())):
        found = _variable(environ, name)
        if found:
            return found, name
    return None, URL_VARIABLE


def is_job_token_alone(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the environment has the token of a CI job, and no other token is set up."""
    others = _variable(environ, TOKEN_VARIABLE) or _files(environ)
    return _variable(environ, CI_JOB_VARIABLE) is not None and not others


def _credential(token: str, name: str, environ: Mapping[str, str]) -> Credential:
    """Return a token from the variable `name`; that of a CI job is known by its value."""
    is_job = token == _variable(environ, CI_JOB_VARIABLE)
    return Credential(token, reference=name, is_job=is_job)


def _variable(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name, "").strip() or None


def _missing(url: str | None, token: str | None, environ: Mapping[str, str]) -> ConfigurationError:
    job = _JOB_TOKEN if not token and environ.get(CI_JOB_VARIABLE) else ""
    files = f"or write a section with url and private_token into {_home_file()}."
    if not url and not token:
        hint = f"Set {URL_VARIABLE} and {TOKEN_VARIABLE} (a token with the scope read_api), {files}"
        return ConfigurationError("There is no URL of a GitLab and no token", hint=job + hint)
    if not url:
        hint = f"Set {URL_VARIABLE}, such as https://gitlab.example.com, or give --url, {files}"
        return ConfigurationError("There is a token, but no URL of a GitLab", hint=hint)
    hint = f"Set {TOKEN_VARIABLE} to a token with the scope read_api, {files}"
    return ConfigurationError(f"There is no token for {clean_base_url(url)}", hint=job + hint)


def _home_file() -> Path:
    return Path.home() / ".python-gitlab.cfg"


def _files(environ: Mapping[str, str]) -> list[str]:
    """Return the files that python-gitlab would read: the one named, else those that exist."""
    named = environ.get(CFG_VARIABLE)
    if named:
        return [named]
    return [str(path) for path in (SYSTEM_FILE, _home_file()) if path.is_file()]


def _section(gitlab_id: str | None, environ: Mapping[str, str]) -> GitlabConfigParser | None:
    """Read one section (None: the default one) of python-gitlab's files; None if there are none.

    Messages of the parsers can quote a line of the file, so they are not passed on.
    """
    files = _files(environ)
    if not files:
        if gitlab_id is None:
            return None
        raise ConfigurationError(
            f"There is no file for the section {gitlab_id!r}",
            hint=f"Write it into {_home_file()}, or name another file with {CFG_VARIABLE}.",
        )
    where = " and ".join(files)

    from gitlab import config  # noqa: PLC0415 - 0.2 s, needed by few

    try:
        return config.GitlabConfigParser(gitlab_id, files)
    except config.GitlabConfigHelperError as error:
        status = getattr(error.__cause__, "returncode", "unknown")
        raise ConfigurationError(
            f"The helper that {where} names for the token failed (exit status {status})",
            hint="Run the helper by hand to see why.",
        ) from None
    except config.ConfigError as error:
        raise ConfigurationError(
            str(error),
            hint=f"See {where}, and name a section with --gitlab-id.{_near(gitlab_id, files)}",
        ) from None
    except (configparser.Error, UnicodeError, ValueError) as error:
        raise ConfigurationError(
            f"{where} cannot be understood ({type(error).__name__})",
            hint="It needs sections in brackets, with lines such as: url = https://…",
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"The helper that {where} names for the token cannot be started: {error.strerror}",
            hint="Give the whole path of the helper.",
        ) from None


def _near(gitlab_id: str | None, files: list[str]) -> str:
    sections = configparser.ConfigParser(interpolation=None)
    sections.read(files, encoding="utf-8")
    return "" if gitlab_id is None else did_you_mean(gitlab_id, sections.sections())


def _completed(section: GitlabConfigParser, url: str | None, given: Credential | None) -> Settings:
    own_url = clean_base_url(section.url or "")
    verify = section.ssl_verify
    named = f"section [{section.gitlab_id}] of python-gitlab's configuration"
    wanted = own_url if url is None else clean_base_url(url)
    if given is not None:
        credential, source = given, f"{named} and {given.reference}"
    elif wanted != own_url:
        # Otherwise, setting the URL would be enough to receive the token of another instance.
        raise ConfigurationError(
            f"There is no token for {wanted}: the one in {named} belongs to {own_url}",
            hint=f"Set {TOKEN_VARIABLE}, or name the right section with --gitlab-id.",
        )
    else:
        credential, source = FileCredential(section), named
    said = "false" if verify is False else verify if isinstance(verify, str) else None
    return Settings(wanted, credential, source, said)


class FileCredential(Credential):
    """The token in a section of python-gitlab's files. It pickles as the name of the section.

    Raises ConfigurationError for a section without a token.
    """

    __slots__ = ("gitlab_id",)

    def __init__(self, section: GitlabConfigParser) -> None:
        token = section.private_token or section.oauth_token or section.job_token
        if not token:
            raise ConfigurationError(
                f"The section [{section.gitlab_id}] of python-gitlab's configuration holds neither "
                "private_token nor oauth_token nor job_token",
                hint=f"Add one, or set {TOKEN_VARIABLE}.",
            )
        is_oauth = not section.private_token and bool(section.oauth_token)
        super().__init__(token, is_oauth, is_job=not section.private_token and not is_oauth)
        self.gitlab_id = section.gitlab_id

    def __reduce__(self) -> tuple[Callable[..., Credential], tuple[object, ...]]:
        return _credential_of_section, (self.gitlab_id,)


def _credential_of_section(gitlab_id: str | None) -> Credential:
    """Return the credential in the files of this process; see `FileCredential`."""
    section = _section(gitlab_id, os.environ)
    if section is None:
        raise ConfigurationError(
            f"There is no file of python-gitlab with the section {gitlab_id!r} here",
            hint=f"Write it into {_home_file()}, or name a file with {CFG_VARIABLE}.",
        )
    return FileCredential(section)
