"""A token goes to the hosts that the operator listed, and nowhere else."""

from __future__ import annotations

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.hosts import Hosts


def hosts(*listed: str, url: str = "https://gitlab.example.com") -> Hosts:
    """Return what an operator with that list allows."""
    return Hosts(url, listed)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("https://gitlab.example.com", "https://gitlab.example.com"),
        ("gitlab.example.com", "https://gitlab.example.com"),
        (" https://GitLab.Example.com/ ", "https://GitLab.Example.com"),
        ("https://gitlab.example.com:8443/git/api/v4", "https://gitlab.example.com:8443/git"),
    ],
)
def test_a_listed_host_may_be_asked(typed: str, asked: str) -> None:
    """Whatever its case, port or path."""
    assert hosts("gitlab.example.com").check(typed) == asked


@pytest.mark.parametrize(
    "typed",
    [
        "https://evil.example",
        "https://gitlab.example.com.evil.example",
        "https://evil-gitlab.example.com",
        "https://gitlab.example.com@evil.example",
        "https://evil.example#gitlab.example.com",
        "https://evil.example?gitlab.example.com",
        "https://evil.example\\@gitlab.example.com",
        "http://169.254.169.254",
        "http://127.0.0.1:8080",
        "http://[::1]",
        "https://10.0.0.7",
        "https://2130706433",
        "https://localhost",
        "ftp://gitlab.example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
    ],
)
def test_everything_else_is_refused(typed: str) -> None:
    """Private and link-local addresses, look-alikes, and what is no address at all."""
    with pytest.raises(ConfigurationError):
        hosts("gitlab.example.com").check(typed)


def test_a_listed_host_is_not_asked_in_the_clear() -> None:
    """Unless the operator wrote `http://` down."""
    with pytest.raises(ConfigurationError, match="by https, got http"):
        hosts("gitlab.example.com").check("http://gitlab.example.com")
    assert hosts("http://gitlab.lan").check("http://gitlab.lan") == "http://gitlab.lan"


def test_a_whole_address_is_meant_exactly() -> None:
    """Scheme and port count then."""
    exact = hosts("http://gitlab.lan:8080")
    for typed in ("http://gitlab.lan", "https://gitlab.lan:8080", "http://gitlab.lan:8081"):
        with pytest.raises(ConfigurationError):
            exact.check(typed)
    assert exact.check("http://gitlab.lan:8080/") == "http://gitlab.lan:8080"


def test_this_machine_may_be_asked_in_the_clear_once_it_is_listed() -> None:
    """The loopback interface is not a network that others can listen on."""
    assert hosts("127.0.0.1").check("http://127.0.0.1:8929") == "http://127.0.0.1:8929"


def test_the_default_is_gitlab_com_or_the_configured_one() -> None:
    """And only that."""
    assert Hosts.from_settings({}, {}).url == "https://gitlab.com"
    configured = Hosts.from_settings({}, {"GITLAB_URL": "http://gitlab.lan"})
    assert configured.check("http://gitlab.lan") == "http://gitlab.lan"
    with pytest.raises(ConfigurationError):
        configured.check("https://gitlab.com")


def test_the_environment_lists_hosts_with_commas_and_secrets_come_first() -> None:
    """The first listed host is the one to begin with where no URL is configured."""
    environ = {"GITLAB_SYNC_ALLOWED_HOSTS": "gitlab.com, gitlab.example.com"}
    listed = Hosts.from_settings({}, environ)
    assert listed.url == "https://gitlab.com"
    assert listed.check("gitlab.example.com") == "https://gitlab.example.com"
    secret = Hosts.from_settings({"allowed_hosts": ["gitlab.lan"]}, environ)
    with pytest.raises(ConfigurationError, match=r"gitlab\.com is not an allowed"):
        secret.check("https://gitlab.com")


def test_http_of_the_configured_url_counts_for_a_listed_host() -> None:
    """The operator wrote both."""
    both = {"GITLAB_URL": "http://gitlab.lan", "GITLAB_SYNC_ALLOWED_HOSTS": "gitlab.lan"}
    assert Hosts.from_settings({}, both).check("http://gitlab.lan") == "http://gitlab.lan"


def test_a_wrong_list_is_told_at_once() -> None:
    """Nothing is allowed by mistake."""
    with pytest.raises(ConfigurationError):
        hosts("https://")
    with pytest.raises(ConfigurationError):
        Hosts.from_settings({"allowed_hosts": 7}, {})


def test_the_configured_gitlab_is_known_however_it_is_written() -> None:
    """Another port, path or scheme is another GitLab, although tokens are sent there, too."""
    own = hosts("gitlab.example.com")
    for url in ("https://GitLab.Example.com", "https://gitlab.example.com.:443"):
        assert own.is_own(url)
    for url in ("https://gitlab.example.com:8443", "https://gitlab.example.com/git"):
        assert own.check(url) == url
        assert not own.is_own(url)
    assert not own.is_own("http://gitlab.example.com")
