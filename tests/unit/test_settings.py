"""Where URL, token and the number of workers come from, and what is said when they are missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitlab_sync import settings
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.settings import is_job_token_alone, resolve

TOKEN = "Zq3-Kd81_vvTr40pLm2x"  # the older shape, which no pattern recognises
OTHER = "glpat-0123456789abcdefghij"


@pytest.fixture(autouse=True)
def _empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setattr(settings, "SYSTEM_FILE", tmp_path / "none.cfg")


def write(tmp_path: Path, text: str) -> dict[str, str]:
    """Write a file of python-gitlab and return the environment that names it."""
    path = tmp_path / "python-gitlab.cfg"
    path.write_text(text, encoding="utf-8")
    return {"PYTHON_GITLAB_CFG": str(path)}


FILE = f"""
[global]
default = work

[work]
url = https://work.example/
private_token = {TOKEN}

[home]
url = https://home.example/gitlab
oauth_token = {OTHER}

[ci]
url = https://ci.example
job_token = {OTHER}
"""


def test_url_and_token_come_from_the_environment() -> None:
    """The usual way, without any option and any file."""
    found = resolve(environ={"GITLAB_URL": "https://gitlab.example/", "GITLAB_TOKEN": TOKEN})
    assert (found.url, found.credential.token) == ("https://gitlab.example", TOKEN)
    assert not found.credential.is_oauth
    assert found.credential.reference == "GITLAB_TOKEN"
    assert "GITLAB_URL" in found.source


def test_the_command_line_goes_before_the_environment() -> None:
    """What was said last and nearest counts."""
    environ = {"GITLAB_URL": "https://a.example", "GITLAB_TOKEN": OTHER, "MINE": TOKEN}
    found = resolve("https://b.example", "MINE", environ=environ)
    assert (found.url, found.credential.token) == ("https://b.example", TOKEN)


def test_in_ci_the_server_is_the_one_that_runs_the_job() -> None:
    """GitLab CI names its own server, and a variable of the project holds the token."""
    environ = {"CI_SERVER_URL": "https://ci.example", "GITLAB_TOKEN": TOKEN}
    assert resolve(environ=environ).url == "https://ci.example"
    environ["GITLAB_URL"] = "https://other.example"
    assert resolve(environ=environ).url == "https://other.example"


def test_a_job_token_is_not_used_unless_it_is_named_and_the_hint_says_so() -> None:
    """It reads so little that it would end in a row of errors."""
    environ = {"CI_SERVER_URL": "https://ci.example", "CI_JOB_TOKEN": OTHER}
    with pytest.raises(ConfigurationError) as caught:
        resolve(environ=environ)
    assert "job token" in caught.value.hint
    assert "GITLAB_TOKEN" in caught.value.hint


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, ["GITLAB_URL", "GITLAB_TOKEN"]),
        ({"GITLAB_TOKEN": TOKEN}, ["GITLAB_URL"]),
        ({"GITLAB_URL": "https://gitlab.example"}, ["GITLAB_TOKEN"]),
        ({"GITLAB_URL": "https://gitlab.example", "GITLAB_TOKEN": "  "}, ["GITLAB_TOKEN"]),
    ],
)
def test_what_is_missing_is_named(environ: dict[str, str], missing: list[str]) -> None:
    """The error says what to set, and never what a token is."""
    with pytest.raises(ConfigurationError) as caught:
        resolve(environ=environ)
    assert all(name in caught.value.hint for name in missing)
    assert TOKEN not in str(caught.value) + caught.value.hint


def test_a_token_in_the_place_of_a_variable_name_is_not_repeated() -> None:
    """People who type the token itself after --token-env must not find it in a log."""
    with pytest.raises(ConfigurationError) as caught:
        resolve("https://gitlab.example", TOKEN, environ={})
    assert TOKEN not in str(caught.value) + caught.value.hint


def test_a_user_in_the_url_is_refused_and_not_repeated() -> None:
    """A password in a URL is a secret, too."""
    with pytest.raises(ConfigurationError) as caught:
        resolve("https://me:hunter2@gitlab.example", environ={})
    assert "hunter2" not in str(caught.value) + caught.value.hint


def test_the_default_section_of_python_gitlab_is_used(tmp_path: Path) -> None:
    """Who has set python-gitlab up has set us up."""
    found = resolve(environ=write(tmp_path, FILE))
    assert (found.url, found.credential.token) == ("https://work.example", TOKEN)
    assert "[work]" in found.source


def test_a_file_in_the_home_folder_is_found(tmp_path: Path) -> None:
    """Without a variable it is the file where python-gitlab keeps it."""
    (tmp_path / "home" / ".python-gitlab.cfg").write_text(FILE, encoding="utf-8")
    assert resolve(environ={}).url == "https://work.example"


def test_a_named_section_goes_before_the_environment(tmp_path: Path) -> None:
    """--gitlab-id is said on the command line, and is whole: URL and token of one instance."""
    environ = write(tmp_path, FILE)
    environ |= {"GITLAB_URL": "https://a.example", "GITLAB_TOKEN": TOKEN}
    found = resolve(gitlab_id="home", environ=environ)
    assert found.url == "https://home.example/gitlab"
    assert (found.credential.token, found.credential.is_oauth) == (OTHER, True)


def test_the_token_of_a_file_is_never_sent_to_another_url(tmp_path: Path) -> None:
    """Otherwise anyone who can set a URL has the token sent to them."""
    environ = write(tmp_path, FILE)
    with pytest.raises(ConfigurationError, match=r"belongs to https://work\.example"):
        resolve("https://elsewhere.example", environ=environ)
    assert resolve("https://work.example/", environ=environ).credential.token == TOKEN


def test_a_token_of_the_environment_goes_with_the_url_of_a_file(tmp_path: Path) -> None:
    """A variable overrides one line of the file, as with python-gitlab itself."""
    environ = write(tmp_path, FILE) | {"GITLAB_TOKEN": OTHER}
    found = resolve(environ=environ)
    assert (found.url, found.credential.token) == ("https://work.example", OTHER)


def test_a_helper_gives_the_token(tmp_path: Path) -> None:
    """Tokens can be in a password store, which a command opens."""
    script = tmp_path / "helper.py"
    script.write_text(f"print({TOKEN!r})", encoding="utf-8")
    helper = f"helper: {sys.executable} {script}"
    text = f"[global]\ndefault = x\n[x]\nurl = https://x.example\nprivate_token = {helper}\n"
    assert resolve(environ=write(tmp_path, text)).credential.token == TOKEN


def test_a_helper_that_fails_is_reported_without_what_it_said(tmp_path: Path) -> None:
    """It may have said the secret."""
    script = tmp_path / "helper.py"
    script.write_text(f"import sys; sys.stderr.write({TOKEN!r}); sys.exit(9)", encoding="utf-8")
    helper = f"helper: {sys.executable} {script}"
    text = f"[global]\ndefault = x\n[x]\nurl = https://x.example\noauth_token = {helper}\n"
    with pytest.raises(ConfigurationError, match="exit status 9") as caught:
        resolve(environ=write(tmp_path, text))
    assert TOKEN not in str(caught.value) + caught.value.hint


def test_a_helper_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    """Not as a traceback."""
    text = "[global]\ndefault = x\n[x]\nurl = https://x.example\nprivate_token = helper: /no/such\n"
    with pytest.raises(ConfigurationError, match="cannot be started"):
        resolve(environ=write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        f"private_token = {TOKEN}\n",
        f"[global]\ndefault = x\n[x]\nurl = https://x.example\nprivate_token {TOKEN}\n",
        f"[global]\ndefault = x\n[x]\nurl = https://x.example\nprivate_token = {TOKEN}%(a\n",
        "[global]\ndefault = missing\n",
        f"[work]\nurl = https://work.example\nprivate_token = {TOKEN}\n",
    ],
    ids=["no section", "no equals sign", "interpolation", "no such default", "no default"],
)
def test_a_broken_file_is_an_error_that_does_not_quote_it(tmp_path: Path, text: str) -> None:
    """The parser's own messages show the line, and the line may hold the token."""
    with pytest.raises(ConfigurationError) as caught:
        resolve(environ=write(tmp_path, text))
    assert TOKEN not in str(caught.value) + caught.value.hint


def test_a_section_with_a_job_token_alone_sends_it_as_one(tmp_path: Path) -> None:
    """As python-gitlab does."""
    found = resolve(gitlab_id="ci", environ=write(tmp_path, FILE))
    assert found.credential.headers == {"JOB-TOKEN": OTHER}


def test_a_job_token_is_known_by_its_value_whatever_names_it() -> None:
    """A pipeline can hand it on under another name; GitLab takes it in its own header alone."""
    job = {"CI_API_V4_URL": "https://ci.example/api/v4", "CI_JOB_TOKEN": OTHER}
    for environ, name in ((job, "CI_JOB_TOKEN"), ({**job, "GITLAB_TOKEN": OTHER}, None)):
        found = resolve(token_env=name, environ=environ)
        assert found.url == "https://ci.example"
        assert found.credential.headers == {"JOB-TOKEN": OTHER}
    assert resolve(environ={**job, "GITLAB_TOKEN": TOKEN}).credential.headers == {
        "PRIVATE-TOKEN": TOKEN
    }


def test_a_job_token_is_alone_where_no_other_token_is_set_up(tmp_path: Path) -> None:
    """Only then is it worth a try."""
    assert is_job_token_alone({"CI_JOB_TOKEN": OTHER})
    assert not is_job_token_alone({})
    assert not is_job_token_alone({"CI_JOB_TOKEN": OTHER, "GITLAB_TOKEN": TOKEN})
    assert not is_job_token_alone({"CI_JOB_TOKEN": OTHER, **write(tmp_path, FILE)})


def test_a_section_that_is_not_there_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    """And the file."""
    with pytest.raises(ConfigurationError) as caught:
        resolve(gitlab_id="wrok", environ=write(tmp_path, FILE))
    assert "Did you mean work?" in caught.value.hint
    assert "python-gitlab.cfg" in caught.value.hint


def test_a_section_without_any_file_is_an_error() -> None:
    """A name that was asked for is not passed over in silence."""
    with pytest.raises(ConfigurationError, match="no file"):
        resolve(gitlab_id="home", environ={"GITLAB_URL": "https://a.example"})


def test_a_file_that_is_named_but_missing_is_an_error() -> None:
    """A PYTHON_GITLAB_CFG that leads nowhere is a mistake."""
    with pytest.raises(ConfigurationError):
        resolve(environ={"PYTHON_GITLAB_CFG": "/no/such/file.cfg"})


@pytest.mark.parametrize(
    ("said", "verify"),
    [("", None), ("ssl_verify = true\n", None), ("ssl_verify = false\n", "false"),
     ("ssl_verify = /etc/ours.pem\n", "/etc/ours.pem")],
)  # fmt: skip
def test_what_a_section_says_of_certificates_is_kept(
    tmp_path: Path, said: str, verify: str | None
) -> None:
    """An instance with a certificate of its own works as it does with python-gitlab."""
    text = f"[global]\ndefault = x\n[x]\nurl = https://x.example\nprivate_token = {TOKEN}\n{said}"
    assert resolve(environ=write(tmp_path, text)).verify == verify


def test_settings_never_show_the_token() -> None:
    """Not even to who prints them for a look."""
    found = resolve(environ={"GITLAB_URL": "https://gitlab.example", "GITLAB_TOKEN": TOKEN})
    assert TOKEN not in repr(found)
