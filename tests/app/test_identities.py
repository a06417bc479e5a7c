"""The page *Identities*, in Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, signed_in, texts, until_done

from gitlab_sync.pages.identity_choices import Choices
from gitlab_sync.pages.state import aliases_setting
from gitlab_sync.pages.state.browser import SIGN_INS
from gitlab_sync.pages.state.downloads import response_at
from gitlab_sync.pages.state.roles import VARIABLE as ROLES
from gitlab_sync.rules.identity.alias_text import Assigned
from gitlab_sync.sandbox import Sandbox

PAGE = "identities.py"
LAPTOP = "me@laptop.local"


@pytest.fixture(autouse=True)
def nothing_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test undo what another wrote."""
    monkeypatch.setattr(aliases_setting, "_last", None)


@pytest.fixture
def person(sandbox: Sandbox) -> str:
    """Return someone who has signed a commit of theirs in another way."""
    name = sandbox.world.truth.usernames[0]
    user = sandbox.world.users_by_name[name].data
    # Where most of theirs are, they are a member.
    most = max(
        sandbox.world.tables.commits.values(),
        key=lambda commits: sum(each["author_name"] == user["name"] for each in commits),
    )
    commit = next(
        each for each in most
        if each["author_name"] == user["name"] and len(each["parent_ids"]) < 2
    )  # fmt: skip
    commit.update(author_name=", ".join(reversed(user["name"].split())), author_email=LAPTOP)
    sandbox.world.changed()
    return name


def ask(at: AppTest, *, suggest: bool = True, users: str = "") -> AppTest:
    """Ask about the projects of the group, and wait for the answer."""
    at.text_area(key="users").set_value(users)
    at.text_input(key="group").set_value("acme")
    at.toggle(key="suggest").set_value(suggest)
    return until_done(press(at, "Run"))


def press_key(at: AppTest, key: str) -> AppTest:
    """Press the button with that key."""
    at = at.button(key=key).click().run()
    assert not at.exception
    return at


def labels(at: AppTest) -> list[str]:
    """Return the labels of the page's buttons."""
    return [button.label for button in at.button]


def downloads(at: AppTest) -> dict[str, str]:
    """Return the text of each file of what is assigned, by its name."""
    html = " ".join(str(each.value) for each in at.get("html")) + " ".join(
        element.proto.body for element in at.get("html") if hasattr(element.proto, "body")
    )
    found = {}
    for part in html.split("<a ")[1:]:
        path, name = (part.split(f'{key}="')[1].split('"')[0] for key in ("href", "download"))
        if name.endswith((".txt", "mailmap")):
            found[name] = bytes(response_at(f"/{path}").body).decode()
    return found


def commits_of(at: AppTest, person: str) -> int:
    """Return the number of commits that another page counts for a person."""
    at = go_to(at, "batch_analytics.py")
    at.text_area(key="users").set_value(person)
    at.text_input(key="group").set_value("")
    at = until_done(press(at, "Run"))
    return int(at.dataframe[0].value["Commits Total"][0])


@pytest.fixture
def admin(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, person: str
) -> tuple[AppTest, Path]:
    """Return an admin on the page of a server with an aliases file, and its path."""
    roles, file = tmp_path / "roles.toml", tmp_path / "aliases.txt"
    roles.write_text(f'admin = ["{person}"]\n')
    file.write_text("# Ours\n")
    monkeypatch.setenv(ROLES, str(roles))
    monkeypatch.setenv(aliases_setting.VARIABLE, str(file))
    return go_to(signed_in(sandbox, monkeypatch, person), PAGE), file


def test_the_demo_shows_all_commits_and_suggests_only_what_is_asked_for() -> None:
    """One click assigns one; undo takes it back."""
    at = until_done(press(go_to(in_the_demo(), PAGE), "Run"))
    numbers = [int(metric.value.replace(",", "")) for metric in at.metric]
    assert f"all {sum(numbers)} commits" in texts(at)
    assert "Suggested" not in at.dataframe[0].value
    assert not any("Assign to" in label for label in labels(at))
    at.toggle(key="suggest").set_value(True)
    at = until_done(press(at, "Run"))
    assert len(at.dataframe[0].value) == 3
    at = press_key(at, "assign_1_goran.petrov")
    left, assigned = (frame.value for frame in at.dataframe)
    assert "goran@laptop.local" not in set(left["Address"])
    assert list(assigned["Person"]) == ["goran.petrov"]
    at = press(at, "Undo the last choice (1 signature)")
    assert len(at.dataframe) == 1
    assert len(at.dataframe[0].value) == 3
    assert not any("Write" in label for label in labels(at))


def test_a_bulk_choice_assigns_all_suggestions_and_files_have_them() -> None:
    """As an aliases file and as a .mailmap."""
    at = go_to(in_the_demo(), PAGE)
    at.toggle(key="suggest").set_value(True)
    at = press_key(until_done(press(at, "Run")), "assign_all")
    files = downloads(at)
    assert set(files) == {"aliases.txt", "team.mailmap"}
    assert "goran.petrov, goran@laptop.local\n" in files["aliases.txt"]
    assert "<goran.petrov@corp.example> Petrov, Goran <goran@laptop.local>" in files["team.mailmap"]


def test_a_visitor_s_own_file_counts_and_keeps_its_comments(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, person: str
) -> None:
    """What is assigned is added to it."""
    at = go_to(signed_in(sandbox, monkeypatch, "admin"), PAGE)
    own = f"# Ours\n{person}, other@x.example  # home\n"
    at.file_uploader(key="aliases_file").upload("ours.txt", own.encode(), "text/plain")
    at = press_key(ask(at), f"assign_0_{person}")
    assert downloads(at)["ours.txt"] == f"# Ours\n{person}, other@x.example, {LAPTOP}  # home\n"
    assert "ours.txt" not in downloads(at).keys() - {"ours.txt"}


def test_an_admin_writes_the_server_s_file_and_all_pages_count_by_it(
    admin: tuple[AppTest, Path], person: str
) -> None:
    """Comments stay; the last write can be undone."""
    at, file = admin
    before = commits_of(at, person)
    at = press_key(ask(go_to(at, PAGE)), f"assign_0_{person}")
    at = press(at, "Write to the server's aliases file")
    assert file.read_text() == f"# Ours\n{person}, {LAPTOP}\n"
    assert "Written to the server" in texts(at) + " ".join(str(e.value) for e in at.success)
    assert list(at.dataframe[-1].value["State"]) == ["written"]
    at = until_done(press(at.run(), "Refresh"))
    assert [metric.value for metric in at.metric if metric.label == "Unmatched"] == ["3"]
    assert commits_of(at, person) == before + 1
    at = press(go_to(at, PAGE), "Undo the last write (1 signature)")
    assert file.read_text() == "# Ours\n"
    assert not any("Undo the last write" in label for label in labels(at))


def test_two_at_once_never_overwrite_each_other(
    admin: tuple[AppTest, Path], sandbox: Sandbox, person: str
) -> None:
    """What another has written stays; the same signature for two people is refused."""
    at, file = admin
    other = sandbox.world.truth.usernames[1]
    at = press_key(ask(at), f"assign_0_{person}")
    file.write_text(f"# Ours\n{other}, {LAPTOP}\n")
    at = press(at, "Write to the server's aliases file")
    assert file.read_text() == f"# Ours\n{other}, {LAPTOP}\n"
    assert "Nothing was written" in at.error[0].value
    assert f"already assigned to {other}" in at.error[0].value.replace("\\", "")
    file.write_text(f"# Ours\n{other}, zoe@x.example\n")
    at = press(at, "Write to the server's aliases file")
    assert file.read_text() == f"# Ours\n{other}, zoe@x.example\n{person}, {LAPTOP}\n"
    file.write_text(f"{file.read_text()}# since\n")
    at = press(at, "Undo the last write (1 signature)")
    assert "Nothing was undone" in at.error[0].value
    assert file.read_text().endswith("# since\n")


def test_a_mentor_can_only_download_and_sees_nothing_of_the_server_s_file(
    admin: tuple[AppTest, Path],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    person: str,
) -> None:
    """It counts for their runs, too."""
    _, file = admin
    (tmp_path / "roles.toml").write_text(f'mentor = ["{person}"]\n')
    at = go_to(signed_in(sandbox, monkeypatch, person), PAGE)
    at = press_key(ask(at), f"assign_0_{person}")
    assert not any("Write" in label for label in labels(at))
    assert downloads(at)["aliases.txt"] == f"{person}, {LAPTOP}\n"
    file.write_text(f"{person}, {LAPTOP}\n")
    at = until_done(press(at.run(), "Refresh"))
    assert [metric.value for metric in at.metric if metric.label == "Unmatched"] == ["3"]


def test_a_member_has_no_such_page(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By whatever way."""
    roles = tmp_path / "roles.toml"
    roles.write_text('mentor = ["someone"]\n')
    monkeypatch.setenv(ROLES, str(roles))
    at = signed_in(sandbox, monkeypatch, sandbox.world.truth.usernames[0])
    with pytest.raises(ValueError, match="page"):
        go_to(at, PAGE)


def test_a_fault_in_the_server_s_file_is_said_on_each_page(
    admin: tuple[AppTest, Path], person: str, tmp_path: Path
) -> None:
    """It does not count then, and is not written to; only admins read what it is."""
    at, file = admin
    file.write_text("no line\n")
    at = press_key(ask(at), f"assign_0_{person}")
    shown = " ".join(error.value for error in at.error)
    assert "line 1" in shown.replace("\\", "")
    at = press(at, "Write to the server's aliases file")
    assert "Nothing was written" in " ".join(error.value for error in at.error)
    assert file.read_text() == "no line\n"
    (tmp_path / "roles.toml").write_text(f'mentor = ["{person}"]\n')
    (error,) = at.run().error
    assert "can read in the log" in error.value
    assert "no line" not in error.value


def test_choices_are_a_visitor_s_own(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, person: str
) -> None:
    """Who signs in next in the same tab sees nothing of them."""
    at = go_to(signed_in(sandbox, monkeypatch, "admin"), PAGE)
    at = press_key(ask(at), f"assign_0_{person}")
    assert len(at.dataframe) == 2
    at = press(at, "Sign out")
    at.text_input(key="sign_in_token_0").set_value(sandbox.token(person))
    at = ask(go_to(press(at, "Sign in"), PAGE))
    assert len(at.dataframe) == 1
    assert LAPTOP in set(at.dataframe[0].value["Address"])
    assert len(SIGN_INS) >= 1


def assigned(name: str) -> Assigned:
    """Return a signature that is assigned."""
    return Assigned((name, ""), "ann", (), ("", ""))


def test_steps_are_taken_back_one_by_one_until_they_are_saved() -> None:
    """A signature is assigned once."""
    chosen = Choices()
    chosen.add([assigned("a"), assigned("b")])
    chosen.add([assigned("b")])
    chosen.add([assigned("c")])
    assert [len(step) for step in chosen.steps] == [2, 1]
    assert chosen.undo() == (assigned("c"),)
    chosen.save()
    assert (chosen.undo(), chosen.unsaved) == ((), [])
    chosen.add([assigned("d")])
    assert chosen.unsaved == [assigned("d")]
    chosen.reopen()
    assert [each.signature[0] for each in chosen.unsaved] == ["a", "b", "d"]
