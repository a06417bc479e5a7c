"""No regular expression takes time that grows with the square of a stranger's text.

`worst_inputs` has for each pattern of the package how it is used, and the texts that make it try
the most ways. A new pattern must be added there, to `WORST`, or to `OWN` if it sees no text of a
server, a file or a person.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from linear import assert_linear_time
from worst_inputs import ELSEWHERE, OWN, READERS, WORST, Use

import gitlab_sync

PACKAGE = Path(gitlab_sync.__file__).parent


def named_patterns() -> Iterator[str]:
    """Yield the place of each pattern: its module, and its variable or the function around it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] not in ELSEWHERE:
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if any(map(_is_pattern, ast.walk(node))):
                    yield f"{'.'.join(parts)}:{_name(node)}"


def _is_pattern(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id == "re"
        and called.attr != "escape"
    )


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0])
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.target)
    assert isinstance(node, ast.FunctionDef | ast.ClassDef), ast.unparse(node)
    return node.name


def uses(place: str, use: Use) -> list[Callable[[str], object]]:
    """Return what to call with a text: the function, or the method of each pattern."""
    if callable(use):
        return [use]
    module, _, name = place.partition(":")
    found = list(_patterns(getattr(importlib.import_module(f"gitlab_sync.{module}"), name)))
    assert found, place
    return [_method(pattern, use) for pattern in found]


def _patterns(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        yield from _patterns(tuple(value.values()))
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for each in value:
            yield from _patterns(each)


def _method(pattern: re.Pattern[str], name: str) -> Callable[[str], object]:
    if name == "sub":
        return lambda text: pattern.sub("", text)
    if name == "finditer":
        return lambda text: sum(1 for _ in pattern.finditer(text))
    method: Callable[[str], object] = getattr(pattern, name)
    return method


@pytest.mark.slow
def test_every_pattern_of_the_package_has_its_worst_input() -> None:
    """And nothing is listed that is gone."""
    found = set(named_patterns())
    assert found == {*WORST, *OWN}


@pytest.mark.slow
@pytest.mark.parametrize("place", sorted(WORST))
def test_no_pattern_takes_longer_than_its_text_is_long(place: str) -> None:
    """From 16 to 64 KB the time grows with the text, not with its square."""
    use, texts = WORST[place]
    for call in uses(place, use):
        for before, piece, after in texts:
            assert_linear_time(call, partial(_repeated, before, piece, after))


def test_a_time_that_grows_with_the_square_is_found() -> None:
    """As that of a search that begins again and again."""
    with pytest.raises(AssertionError, match="four times the input"):
        assert_linear_time(
            lambda text: [text.count("a", at) for at in range(0, len(text), 16)],
            lambda size: "a" * size,
        )


def _repeated(before: str, piece: str, after: str, size: int) -> str:
    """Return a text of about so many characters."""
    return before + piece * (size // len(piece)) + after


@pytest.mark.parametrize("what", READERS)
def test_what_reads_heads_and_errors_takes_time_as_its_text_is_long(what: str) -> None:
    """One answer holds up no one: all requests share one interpreter."""
    read, texts = READERS[what]
    for before, piece, after in texts:
        assert_linear_time(read, partial(_repeated, before, piece, after))
