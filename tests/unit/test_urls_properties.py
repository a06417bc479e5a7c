"""What a server decodes of a URL is what was given, whatever characters it has."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import BadResponse, ConfigurationError
from gitlab_sync.http.urls import clean_base_url, encode_id, reroot, target

BASE = "https://host.example:8443/gitlab"
TEXT = st.text(max_size=30)
NAMES = st.text(min_size=1, max_size=10).filter(lambda name: not name.endswith("[]"))
SCALARS = TEXT | st.integers() | st.booleans() | st.none()
PATHS = st.text(st.characters(exclude_characters="%/?", exclude_categories=["Cs"]), min_size=1)


def decoded(value: object) -> str:
    """Return the text that GitLab reads for a plain value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@settings(deadline=None)
@given(params=st.dictionaries(NAMES, SCALARS))
def test_plain_parameters_arrive_as_they_were_given(params: dict[str, Any]) -> None:
    """Any text, with `&`, `=`, `+`, `#`, `%`, line breaks or another alphabet."""
    query = urlsplit("http://h/" + target("x", params, BASE)).query
    expected = [(name, decoded(value)) for name, value in params.items() if value is not None]
    assert parse_qsl(query, keep_blank_values=True) == expected


@settings(deadline=None)
@given(params=st.dictionaries(NAMES, st.lists(SCALARS, max_size=5)))
def test_lists_arrive_whole_and_in_order(params: dict[str, list[Any]]) -> None:
    """Under `key[]`, without the Nones."""
    query = target("x", params, BASE).partition("?")[2]
    expected = {
        f"{name}[]": [decoded(value) for value in values if value is not None]
        for name, values in params.items()
    }
    found = parse_qs(query, keep_blank_values=True)
    assert found == {name: values for name, values in expected.items() if values}


@settings(deadline=None)
@given(own=st.dictionaries(NAMES, TEXT), params=st.dictionaries(NAMES, SCALARS))
def test_each_name_of_endpoint_and_parameters_arrives_once_and_parameters_win(
    own: dict[str, str], params: dict[str, Any]
) -> None:
    """However both are mixed."""
    endpoint = "x?" + target("x", own, BASE).partition("?")[2]
    query = target(endpoint, params, BASE).partition("?")[2]
    given_ = {name: decoded(value) for name, value in params.items() if value is not None}
    pairs = parse_qsl(query, keep_blank_values=True)
    assert dict(pairs) == {**own, **given_}
    assert len(pairs) == len({**own, **given_})


@settings(deadline=None)
@given(path=PATHS)
def test_a_path_arrives_as_one_segment(path: str) -> None:
    """What is not encoded yet is encoded, so that the server decodes it to itself."""
    clean = path.strip()
    if not clean or clean in {".", ".."}:
        return
    assert unquote(encode_id(path)) == clean
    sent = target(f"projects/{encode_id(path)}/issues", None, BASE)
    prefix, segment, suffix = sent.split("/")
    assert (prefix, unquote(segment), suffix) == ("projects", clean, "issues")


@settings(deadline=None)
@given(endpoint=TEXT, params=st.dictionaries(NAMES, SCALARS, max_size=3))
def test_a_target_is_plain_ascii_below_the_api_or_refused(
    endpoint: str, params: dict[str, Any]
) -> None:
    """No endpoint can break the request's first line or lead out of the API."""
    try:
        sent = target(endpoint, params, BASE)
    except ConfigurationError:
        return
    assert all("!" <= character <= "~" for character in sent)
    assert "#" not in sent
    path = sent.partition("?")[0]
    assert not {".", ".."} & {unquote(segment) for segment in path.split("/")}
    assert target(sent, None, BASE).partition("?")[0] == path or path.startswith(("/", "api/v4/"))


@settings(deadline=None)
@given(link=TEXT | st.builds("{}/api/v4/{}".format, TEXT, TEXT))
def test_a_link_gives_a_target_of_our_api_or_a_bad_response(link: str) -> None:
    """Whatever a server puts into `Link` or `Location`."""
    try:
        found = reroot(link, BASE)
    except BadResponse:
        return
    assert found
    assert all("!" <= character <= "~" for character in found)
    assert not {".", ".."} & set(found.partition("?")[0].split("/"))


@settings(deadline=None)
@given(
    params=st.dictionaries(NAMES, TEXT), host=st.sampled_from(["https://a.b", "http://[::1]:1", ""])
)
def test_what_a_server_links_to_is_asked_for_with_the_same_parameters(
    params: dict[str, str], host: str
) -> None:
    """A cursor that lost a character would be another cursor."""
    sent = target("users", params, BASE)
    assert reroot(f"{host}/api/v4/{sent}", BASE) == sent


@settings(deadline=None)
@given(url=TEXT | TEXT.map("https://{}".format))
def test_a_base_url_is_clean_or_refused(url: str) -> None:
    """Never another exception, and cleaning twice changes nothing."""
    try:
        base = clean_base_url(url)
    except ConfigurationError:
        return
    assert not base.endswith("/")
    assert clean_base_url(base) == base
