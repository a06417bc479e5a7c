"""Patterns of paths: as git reads them, in time that no pattern can blow up."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from gitlab_sync.rules.bounds import MOST_PATTERN, MOST_PATTERNS
from gitlab_sync.rules.items.patterns import matcher

_BITS = (
    *("a", "b", "ab", "*", "?", "**", "a*", "*b", "*a*b", "[ab]", "[!a]", "[^a]", "a.py", "*.py"),
    *("\\*", "[a-c]x", "c"),
)
_NAMES = ("a", "b", "ab", "aab", "c", "bx", "a.py", "ba.py", "*")


def _some_patterns(chance: random.Random) -> list[str]:
    found = []
    for _ in range(chance.randint(1, 4)):
        body = "/".join(chance.choice(_BITS) for _ in range(chance.randint(1, 4)))
        ends = (chance.choice(["", "", "!"]), chance.choice(["", "", "/"]))
        found.append(f"{''.join(ends)}{body}{chance.choice(['', '', '/'])}")
    return found


def test_patterns_are_those_of_git(tmp_path: Path) -> None:
    """Git itself says which paths they name: negated ones, those of folders, and `**`."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not here")
    chance = random.Random(5)
    asked: dict[str, bool] = {}
    subprocess.run([git, "init", "-q", tmp_path], check=True)
    for number in range(300):
        folder, patterns = tmp_path / f"t{number}", _some_patterns(chance)
        folder.mkdir()
        (folder / ".gitignore").write_text("\n".join(patterns) + "\n", "utf-8")
        matches = matcher(patterns)
        for _ in range(30):
            path = "/".join(chance.choice(_NAMES) for _ in range(chance.randint(1, 5)))
            asked[f"t{number}/{path}"] = matches(path)
    line = [git, "check-ignore", "--no-index", "--stdin", "-z"]
    given = "\0".join(asked).encode()
    told = subprocess.run(line, cwd=tmp_path, input=given, capture_output=True, check=False).stdout
    ignored = set(told.decode().split("\0")) - {""}
    assert 0 < len(ignored) < len(asked)
    assert {path for path, named in asked.items() if named} == ignored


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 99 + "*b", "a" * 4_096),
        ("*?" * 99 + "b", "a" * 4_096),
        ("**/a/" * 4 + "b", "a/" * 99 + "c"),
        ("**/" + "[!b]*" * 39 + "b", ("a" * 40 + "/") * 99 + "a"),
        ("?" * MOST_PATTERN, "a/" * 2_000 + "a"),
    ],
    ids=["stars", "any", "folders", "sets", "deep"],
)
def test_a_hostile_pattern_meets_a_hostile_path(pattern: str, path: str) -> None:
    """A regular expression of the whole would not come to an end: the first takes minutes."""
    lines = [f"{pattern[: MOST_PATTERN - 3]}{number}" for number in range(MOST_PATTERNS)]
    assert not matcher(lines)(path)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a" * 201, "at most 200 characters"),
        ("/".join(["**/a"] * 5), "“**” at most 4 times"),
        ("a//b", "a name between slashes"),
        ("a[b", "close each “[”"),
        ("[[:alpha:]]", "close each “[”"),
        ("a\\", "a character behind each “\\”"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, reason: str) -> None:
    """In words."""
    with pytest.raises(ValueError, match="must") as raised:
        matcher([pattern])
    assert reason in str(raised.value)
