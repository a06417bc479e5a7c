"""Finds and reads `gitlab-sync.toml`: what a team agrees on.

Nothing is half applied: a file with a fault is an error that names all of its faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.bounds import BeyondBounds, shown
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy
from gitlab_sync.rules.projects.parsing import parse_toml

if TYPE_CHECKING:
    from pydantic import ValidationError

NAME = "gitlab-sync.toml"
BUILT_IN: Mapping[str, Policy] = {policy.name: policy for policy in (FAIR, CLASSIC)}

MOST_BYTES = 1_000_000
"""Of one file."""

_MOST_FILES = 8
_LONGEST_SHOWN = 60


def load(name: str | None = None, folder: Path | None = None) -> Policy:
    """Return the policy `fair`, `classic`, or that of a file.

    Without a name it is that of the nearest `gitlab-sync.toml`, from `folder` (default: the working
    directory) upward, or else `fair`. Raises ConfigurationError, which names each fault with its
    place.
    """
    if name is None:
        found = find(folder or Path.cwd())
        return FAIR if found is None else _of_file(found)
    if name in BUILT_IN:
        return BUILT_IN[name]
    if Path(name).is_file():
        return _of_file(Path(name))
    near = get_close_matches(name, BUILT_IN, 1)
    raise ConfigurationError(
        f"The policy must be fair, classic or a file, got “{name}”",
        hint=f"Did you mean {near[0]}?" if near else "There is no such file.",
    )


def find(folder: Path) -> Path | None:
    """Return the nearest `gitlab-sync.toml`, from `folder` upward, or None."""
    folder = folder.resolve()
    paths = (each / NAME for each in (folder, *folder.parents))
    return next((path for path in paths if path.is_file()), None)


@dataclass(frozen=True, slots=True)
class Layer:
    """One file: its name, its whole path, the keys that it has, and its faults with their places.

    With faults, `table` is as it was written.
    """

    name: str
    path: Path
    table: Mapping[str, Any]
    faults: Sequence[str] = ()

    @property
    def extends(self) -> str:
        """What the file starts from."""
        named = self.table.get("extends", FAIR.name)
        return named if isinstance(named, str) else FAIR.name


@dataclass(frozen=True, slots=True)
class Stack:
    """The files that extend each other, the first one first, and the built-in policy below them."""

    base: str
    layers: Sequence[Layer] = field(default_factory=tuple)


def _of_file(path: Path) -> Policy:
    from gitlab_sync.policy_terms import policy_of  # noqa: PLC0415 - 0.1 s, only with a file

    stack = _stack(path.resolve())
    refuse(stack.layers)
    return policy_of(stack)


def _stack(path: Path) -> Stack:
    """Return a file, and those that it extends, below it."""
    above: list[Layer] = []
    while True:
        if path in (each.path for each in above) or len(above) >= _MOST_FILES:
            chain = " → ".join([*(each.name for each in above), path.name])
            raise ConfigurationError(f"Policies must not extend each other in a circle: {chain}")
        above.append(read_layer(path))
        base = above[-1].extends
        if base in BUILT_IN:
            return Stack(base, above[::-1])
        path = (path.parent / base).resolve()


def read_layer(path: Path) -> Layer:
    """Return what a file says; ConfigurationError if that is no TOML or cannot be read."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from gitlab_sync.policy_model import PolicyTable  # noqa: PLC0415 - as above

    raw: dict[str, Any] = {}
    try:
        raw = parse_toml(_text(path))
        table = PolicyTable.model_validate(raw).model_dump(exclude_unset=True)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        return Layer(path.name, path, raw, tuple(_faults(error)))
    except (ValueError, BeyondBounds) as error:
        raise ConfigurationError(f"{path.name} is not valid: {error}") from None
    return Layer(path.name, path, table)


def _text(path: Path) -> str:
    if not path.is_file():  # such as a pipe, which could have no end
        raise ConfigurationError(f"{path} is not a file")
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BeyondBounds(f"longer than {MOST_BYTES:,} bytes")
    return data.decode()


def refuse(layers: Sequence[Layer]) -> None:
    """Raise ConfigurationError with all faults of the files, if there are any."""
    texts = [
        "".join([f"{layer.name} is not valid:", *(f"\n  {fault}" for fault in layer.faults)])
        for layer in layers[::-1]
        if layer.faults
    ]
    if texts:
        raise ConfigurationError("\n".join(texts))


_WANTED: Mapping[str, str] = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "must be a table"),
    "list_type": "must be a list",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
}
"""What is said of wrong types, by pydantic's name of the fault."""


def _faults(error: ValidationError) -> Iterator[str]:
    from gitlab_sync.policy_model import known_keys  # noqa: PLC0415 - as above
    from gitlab_sync.rules.text import did_you_mean  # noqa: PLC0415

    told: set[str] = set()
    for each in error.errors(include_url=False):
        keys = [key for key in each["loc"] if key not in {"int", "float"}]
        place, kind = ".".join(map(str, keys)), each["type"]
        if kind == "extra_forbidden":
            *table, key = keys
            noun = "check" if table == ["checks"] else "key"
            fault = f"{place}: unknown {noun}.{did_you_mean(str(key), known_keys(table))}"
        elif kind == "missing":
            fault = f"{place}: is missing"
        else:
            fault = f"{place}: {_reason(each)}"
        if fault not in told:
            told.add(fault)
            yield shown(fault)


def _reason(each: Any) -> str:
    text = each["msg"].removeprefix("Value error, ").replace("Input should", "must")
    if each["type"] == "literal_error":
        known = each["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        text = f"must be one of {known}"
    text = _WANTED.get(each["type"], text)
    given = each["input"]
    return text if isinstance(given, dict) else f"{text}, got {_shown(given)}"


def _shown(value: object) -> str:
    text = f"“{value}”" if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
