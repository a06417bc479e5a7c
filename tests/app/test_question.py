"""What people type into the fields, and the question that it makes."""

from __future__ import annotations

import pytest

from gitlab_sync.errors import AuthenticationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages.question import Question, read_usernames
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.sessions import SignIn


@pytest.mark.parametrize(
    "text",
    ["alice\nbob", "alice, bob", "alice bob", "alice;bob;", "@alice\r\n@bob", "alice\tbob\nALICE"],
)
def test_names_are_parted_by_whatever_people_use(text: str) -> None:
    """Each name is there once, as first typed."""
    assert read_usernames(text) == (["alice", "bob"], [])


@pytest.mark.parametrize(
    "word",
    ["a/b", "-alice", "alice.", "alice.git", "x.atom", "<b>", "a@b.example", "älice", "a" * 256],
)
def test_what_cannot_be_a_username_is_named(word: str) -> None:
    """So that the page can say which."""
    assert read_usernames(f"good {word}") == (["good"], [word])


def test_no_text_is_no_names() -> None:
    """And no complaint."""
    assert read_usernames(" \n, ; ") == ([], [])


def test_case_and_order_of_names_do_not_make_another_question() -> None:
    """The same question shares one job."""
    first = Question.about("issues", ["Bob", "alice"], "", "", "author")
    second = Question.about("issues", ["ALICE", "bob"], " ", "/", "author")
    assert first == second
    assert hash(first) == hash(second)
    assert first != Question.about("issues", ["Bob", "alice"], "group/project", "", "author")
    assert first != Question.about("merge_requests", ["Bob", "alice"], "", "", "author")


def test_a_token_that_is_refused_is_an_error_and_not_a_table() -> None:
    """The page leads back to sign-in by it."""
    world = World.generate(seed=1, users=2, merge_requests=1, issues=1, projects=2)
    with Sandbox(world) as sandbox:
        name = world.truth.usernames[0]
        sign_in = SignIn.check(sandbox.url, Credential(sandbox.token(name)))
        question = Question.about("issues", [name], "", "", "author")
        assert question.answer(sign_in, Run())[0]["Status"] == "Success"
        sandbox.tokens.revoke(name)
        with pytest.raises(AuthenticationError):
            question.answer(sign_in, Run())
