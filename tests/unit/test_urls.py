"""Endpoints and parameters made into targets; base URLs; links brought back to our own host."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gitlab_sync.errors import BadResponse, ConfigurationError
from gitlab_sync.http.urls import (
    clean_base_url,
    encode_id,
    encode_query,
    encode_segment,
    instances_of,
    moved_to,
    reroot,
    target,
    without_page,
)

BASE = "https://gitlab.example"


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("https://gitlab.example", "https://gitlab.example"),
        ("https://gitlab.example/", "https://gitlab.example"),
        ("https://gitlab.example///", "https://gitlab.example"),
        (" https://gitlab.example/ ", "https://gitlab.example"),
        ("HTTPS://gitlab.example", "https://gitlab.example"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("https://host.example/gitlab", "https://host.example/gitlab"),
        ("https://host.example/a/b/", "https://host.example/a/b"),
        ("https://gitlab.example/api/v4/", "https://gitlab.example"),
        ("https://host.example/gitlab/api/v4", "https://host.example/gitlab"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://[2001:db8::1]/gitlab/", "https://[2001:db8::1]/gitlab"),
    ],
)
def test_a_base_url_is_kept_without_slashes_and_without_the_apis_path(
    given: str, clean: str
) -> None:
    """Ports, IPv6 addresses and installs below a path stay as they are."""
    assert clean_base_url(given) == clean


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "gitlab.example",
        "gitlab.example:443",
        "ftp://gitlab.example",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "http://:80",
        "https://gitlab.example:99999",
        "https://gitlab.example:port",
        "https://[::1",
        "https://git lab.example",
        "https://gitlab.example\\@evil.example",
        "https://gitlab.example\nHost: evil",
        None,
        7,
    ],
)
def test_what_cannot_be_a_gitlab_is_refused_with_an_example_of_what_can(given: Any) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigurationError, match="must be http or https with a host") as raised:
        clean_base_url(given)
    assert "https://gitlab.example.com" in raised.value.hint


@pytest.mark.parametrize(
    "given",
    [
        "https://ann:s3cretword@gitlab.example",
        "https://ann@gitlab.example",
        "https://gitlab.example?private_token=s3cretword",
        "https://gitlab.example/#s3cretword",
    ],
)
def test_a_base_url_with_a_secret_in_it_is_refused_without_repeating_it(given: str) -> None:
    """The hint says where a token belongs."""
    with pytest.raises(ConfigurationError) as raised:
        clean_base_url(given)
    assert "s3cretword" not in f"{raised.value!r}{raised.value}{raised.value.hint}"
    assert "token" in raised.value.hint


@pytest.mark.parametrize(
    "endpoint",
    [
        "projects/1",
        "/projects/1",
        "//projects/1",
        "/api/v4/projects/1",
        "api/v4/projects/1",
        " projects/1 ",
        "https://gitlab.example/api/v4/projects/1",
    ],
)
def test_all_spellings_of_an_endpoint_are_the_same(endpoint: str) -> None:
    """With or without slash, with or without the API's path."""
    assert target(endpoint, None, BASE) == "projects/1"


def test_below_a_path_the_whole_url_of_an_endpoint_is_understood() -> None:
    """As GitLab's own links spell it."""
    base = "https://host.example/gitlab"
    assert target(base + "/api/v4/users?page=2", None, base) == "users?page=2"


@pytest.mark.parametrize(
    ("endpoint", "sent"),
    [
        ("projects/group%2Fapp", "projects/group%2Fapp"),
        ("projects/group%2fapp/issues", "projects/group%2fapp/issues"),
        ("projects/a b", "projects/a%20b"),
        ("projects/100%", "projects/100%25"),
        ("projects/100%zz%41", "projects/100%25zz%41"),
        ("projects/1/repository/files/src%2Fä.py", "projects/1/repository/files/src%2F%C3%A4.py"),
        ("projects/1/repository/branches/feat#1", "projects/1/repository/branches/feat%231"),
        ("users/ann[bot]", "users/ann%5Bbot%5D"),
    ],
)
def test_what_is_encoded_stays_and_what_is_not_gets_encoded(endpoint: str, sent: str) -> None:
    """So that paths can be given either way."""
    assert target(endpoint, None, BASE) == sent


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({}, ""),
        (None, ""),
        ({"state": None}, ""),
        ({"archived": True, "simple": False}, "?archived=true&simple=false"),
        ({"labels": ["a", "b c"]}, "?labels%5B%5D=a&labels%5B%5D=b+c"),
        ({"labels[]": ["a"]}, "?labels%5B%5D=a"),
        ({"iids": (1, 2)}, "?iids%5B%5D=1&iids%5B%5D=2"),
        ({"iids": [1, None, 2]}, "?iids%5B%5D=1&iids%5B%5D=2"),
        ({"flags": [True, False]}, "?flags%5B%5D=true&flags%5B%5D=false"),
        ({"empty": []}, ""),
        ({"search": ""}, "?search="),
        (
            {"not": {"labels": ["a"], "author_id": 3}},
            "?not%5Blabels%5D%5B%5D=a&not%5Bauthor_id%5D=3",
        ),
        ({"since": date(2024, 2, 29)}, "?since=2024-02-29"),
        (
            {"since": datetime(2024, 2, 29, 12, tzinfo=UTC)},
            "?since=2024-02-29T12%3A00%3A00%2B00%3A00",
        ),
        ({"search": "a&b=c+d/e ü"}, "?search=a%26b%3Dc%2Bd%2Fe+%C3%BC"),
        ({"name": b"bytes"}, "?name=bytes"),
        ({"page": 2, "ratio": 1.5}, "?page=2&ratio=1.5"),
    ],
)
def test_parameters_are_sent_gitlabs_way(params: dict[str, Any] | None, query: str) -> None:
    """None is left out, booleans are lower case, lists repeat under `key[]`, dicts nest."""
    assert target("x", params, BASE) == f"x{query}"


def test_an_endpoint_keeps_a_query_of_its_own() -> None:
    """And gets the parameters after it."""
    assert target("issues?state=closed", {"page": 2}, BASE) == "issues?state=closed&page=2"
    assert target("issues?labels[]=a&labels[]=b", None, BASE) == (
        "issues?labels%5B%5D=a&labels%5B%5D=b"
    )
    assert target("issues?search=", None, BASE) == "issues?search="
    assert target("issues?", None, BASE) == "issues"


def test_a_parameter_takes_the_place_of_one_in_the_endpoint() -> None:
    """The same name twice would leave it to the server which counts. None is no parameter."""
    assert target("issues?state=closed&page=1", {"page": 7}, BASE) == "issues?state=closed&page=7"
    assert target("issues?state=closed", {"state": None}, BASE) == "issues?state=closed"


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "/",
        "?a=b",
        "../admin",
        "projects/../../admin",
        "projects/./1",
        "projects/%2e%2e/%2E%2E/admin",
        "/api/v4/",
    ],
)
def test_an_endpoint_that_is_none_or_leads_out_of_the_api_is_refused(endpoint: str) -> None:
    """Nothing is asked."""
    with pytest.raises(ConfigurationError):
        target(endpoint, None, BASE)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example/api/v4/user",
        "https://gitlab.example.evil.example/api/v4/user",
        "http://gitlab.example/api/v4/user",
        "https://gitlab.example@evil.example/api/v4/user",
    ],
)
def test_an_endpoint_on_another_host_is_refused(endpoint: str) -> None:
    """The token goes nowhere but where it belongs; the message names both."""
    with pytest.raises(ConfigurationError, match=r"must be below https://gitlab\.example"):
        target(endpoint, None, BASE)


@pytest.mark.parametrize(
    ("given", "segment"),
    [
        (7, "7"),
        ("7", "7"),
        ("group/app", "group%2Fapp"),
        ("/group/sub/app/", "group%2Fsub%2Fapp"),
        ("group%2Fapp", "group%2Fapp"),
        (" group/app ", "group%2Fapp"),
        ("a.b/c-d_e", "a.b%2Fc-d_e"),
        ("grün/app", "gr%C3%BCn%2Fapp"),
        ("a?b#c/d", "a%3Fb%23c%2Fd"),
    ],
)
def test_an_id_or_a_path_is_one_segment(given: int | str, segment: str) -> None:
    """Encoded once, however it comes."""
    assert encode_id(given) == segment
    assert target(f"projects/{encode_id(given)}/issues", None, BASE) == f"projects/{segment}/issues"


def test_parameters_alone_make_a_query() -> None:
    """The order is that of the dict."""
    assert encode_query({"b": 1, "a": [True]}) == "b=1&a%5B%5D=true"


# -- links and locations ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://gitlab.example/api/v4/users?page=2", "users?page=2"),
        ("https://behind-the-proxy.example/api/v4/users?cursor=abc%3D", "users?cursor=abc%3D"),
        ("http://10.0.0.1:8080/gitlab/api/v4/projects/5", "projects/5"),
        ("/api/v4/projects/5?x=1", "projects/5?x=1"),
        ("https://gitlab.example/api/v4/projects/a%2Fb/issues", "projects/a%2Fb/issues"),
        ("https://gitlab.example/api/v4/projects/a%2Fb#frag", "projects/a%2Fb"),
    ],
)
def test_a_link_is_followed_on_the_host_that_we_were_given(link: str, found: str) -> None:
    """Behind a proxy GitLab names its configured host, which might not be reachable."""
    assert reroot(link, BASE) == found


def test_below_a_path_a_relative_location_must_be_below_it_too() -> None:
    """Or at the root: a proxy may take the path away."""
    base = "https://host.example/gitlab"
    assert reroot("/gitlab/api/v4/users", base) == "users"
    assert reroot("/api/v4/users", base) == "users"
    with pytest.raises(BadResponse):
        reroot("/other/api/v4/users", base)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "https://gitlab.example/users/sign_in",
        "https://evil.example/",
        "//evil.example/x",
        "https://gitlab.example/api/v4/",
        "https://gitlab.example/api/v4",
        "https://gitlab.example/api/v4/../../admin",
        "https://gitlab.example/api/v4/%2e%2e/%2e%2e/admin",
        "https://gitlab.example/api/v4/x\r\nHost: evil",
        "https://gitlab.example/api/v4/a b",
        "http://[bad/api/v4/x",
        "javascript:alert(1)",
    ],
)
def test_a_link_that_leads_out_of_the_api_is_a_bad_response_and_not_tried_again(link: str) -> None:
    """It is never followed, and asking again cannot help."""
    with pytest.raises(BadResponse, match="not its API") as raised:
        reroot(link, BASE)
    assert raised.value.lasting


def test_a_secret_in_a_foreign_link_is_not_repeated() -> None:
    """The message names the link, and masks what could be a secret in it."""
    with pytest.raises(BadResponse) as raised:
        reroot("https://ann:s3cretword@evil.example/?code=s3cretword", BASE)
    assert "s3cretword" not in str(raised.value)
    assert "evil.example" in str(raised.value)


# -- redirects -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "location", "found"),
    [
        ("projects/old%2Fapp", "https://gitlab.example/api/v4/projects/5", "projects/5"),
        (
            "projects/old%2Fapp/issues?state=closed&page=2",
            "https://internal.example/api/v4/projects/5/issues?state=closed&page=2",
            "projects/5/issues?state=closed&page=2",
        ),
        ("projects/old%2Fapp/issues?a=b", "/api/v4/projects/5/issues", "projects/5/issues?a=b"),
        (
            "projects/old%2Fapp/repository/files/a%2Fb",
            "/api/v4/projects/new%2Fapp/repository/files/a%2fb",
            "projects/new%2Fapp/repository/files/a%2fb",
        ),
    ],
)
def test_a_renamed_project_is_found_under_its_new_id_with_all_that_was_asked(
    asked: str, location: str, found: str
) -> None:
    """Filters included: without them the answer would be everybody's."""
    assert moved_to(asked, location, BASE) == found


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("projects/1", "https://gitlab.example/api/v4/version"),
        ("projects/1/issues", "https://gitlab.example/api/v4/projects/1/merge_requests"),
        ("projects/1/issues", "https://gitlab.example/api/v4/projects/1"),
        ("projects/1", "https://gitlab.example/api/v4/groups/1"),
        ("projects/1?a=b", "https://gitlab.example/api/v4/projects/2?a=c"),
        ("user", "https://gitlab.example/api/v4/users"),
        ("user", "https://secure.example/api/v4/user"),
        ("user", "https://gitlab.example/users/sign_in"),
        ("user", ""),
    ],
)
def test_a_redirect_to_anything_else_is_a_bad_response(asked: str, location: str) -> None:
    """It would be the answer to another question, or the same one in a circle."""
    with pytest.raises(BadResponse, match="redirects to") as raised:
        moved_to(asked, location, BASE)
    assert raised.value.lasting
    assert "https" in raised.value.hint


@pytest.mark.parametrize(
    "make",
    [
        encode_id,
        encode_segment,
        lambda text: encode_query({"search": text}),
        lambda text: target(f"projects/{text}", None, BASE),
        lambda text: target("projects", {"search": text}, BASE),
        lambda text: clean_base_url(f"https://{text}.example"),
    ],
)
def test_half_a_character_is_a_configuration_error(make: Callable[[str], str]) -> None:
    """Python keeps bytes of arguments so that are no UTF-8, and no URL can hold it."""
    with pytest.raises(ConfigurationError, match="udcff"):
        make("caf\udcff")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://gitlab.example/group/project/-/issues?state=opened", "/group/project"),
        ("https://gitlab.example/group/project/-/", "/group/project"),
        ("https://gitlab.example/-/profile#keys", ""),
        ("https://gitlab.example/dashboard?x=/-/y", "/dashboard"),
        ("https://gitlab.example/gitlab/api/v4", "/gitlab"),
        ("https://gitlab.example/a-/b", "/a-/b"),
    ],
)
def test_the_address_of_a_page_is_cut_to_where_its_project_is(address: str, url: str) -> None:
    """Query and fragment are never part of a GitLab's URL."""
    assert without_page(address) == f"https://gitlab.example{url}"


def test_a_gitlab_is_looked_for_where_an_address_says_and_above() -> None:
    """Each place once, and not endlessly deep."""
    at = "https://gitlab.example"
    assert instances_of(at) == [at]
    assert instances_of(f"{at}/git") == [f"{at}/git", at]
    assert instances_of(f"{at}/a/b/c/d") == [f"{at}/a/b/c/d", at, f"{at}/a", f"{at}/a/b"]
