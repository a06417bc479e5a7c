"""Finds and reads `gitlab-sync.toml`: what a team agrees on.

Nothing is half applied: a file with a fault is an error that names all of its faults, and those of
the files that it extends.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gitlab_sync.errors import ConfigurationError, without_secrets
from gitlab_sync.rules.bounds import MOST_FAULTS, BeyondBounds, shown
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy
from gitlab_sync.rules.projects.parsing import parse_toml
from gitlab_sync.rules.text import did_you_mean
from gitlab_sync.types import POLICY_FILE

if TYPE_CHECKING:
    from pydantic import ValidationError

NAME = POLICY_FILE
BUILT_IN: Mapping[str, Policy] = {policy.name: policy for policy in (FAIR, CLASSIC)}

MOST_BYTES = 1_000_000
"""Of one file."""

Remote: TypeAlias = Callable[[str], bytes]
"""Reads the file at an address, as `api.file_pages.read_page` does."""

_MOST_FILES = 8
_LONGEST_SHOWN = 60
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_QUERY = re.compile(r"[?#].*")
_IN_PROJECT = re.compile(r"(?P<top>.+?/-/(?:blob|raw)/[^/]+/)(?P<path>[^?#]+)")


def load(
    name: str | None = None, folder: Path | None = None, remote: Remote | None = None
) -> Policy:
    """Return the policy `fair`, `classic`, or that of a file or of an address.

    Without a name it is that of the nearest `gitlab-sync.toml`, from `folder` (default: the working
    directory) upward, or else `fair`. Its waivers are those of today. `remote` reads files at
    addresses (None: there are none). Raises ConfigurationError, which names each fault with its
    place, and what `remote` raises.
    """
    if name is None:
        found = find(folder or Path.cwd())
        return FAIR if found is None else _of_file(str(found), remote)
    if name in BUILT_IN:
        return BUILT_IN[name]
    if is_address(name) or Path(name).is_file():
        return _of_file(name, remote)
    near = did_you_mean(name, BUILT_IN)
    raise ConfigurationError(
        f"The policy must be fair, classic or a file, got “{name}”",
        hint=near.strip() or "There is no such file.",
    )


def find(folder: Path) -> Path | None:
    """Return the nearest `gitlab-sync.toml`, from `folder` upward, or None."""
    folder = folder.resolve()
    paths = (each / NAME for each in (folder, *folder.parents))
    return next((path for path in paths if path.is_file()), None)


def is_address(name: str) -> bool:
    """Return whether a policy is named by its address, not by the path of a file."""
    return _ADDRESS.match(name) is not None


@dataclass(frozen=True, slots=True)
class Layer:
    """One file: what its values are told to come from, its whole path or address, and its keys.

    `faults` are those that it has, each with its place; then `table` is as it was written.
    """

    name: str
    where: str
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
    layers: Sequence[Layer]


def _of_file(name: str, remote: Remote | None) -> Policy:
    from gitlab_sync.policies.terms import misfits, policy_of  # noqa: PLC0415 - 0.3 s, only with a file

    where = name if is_address(name) else str(Path(name).resolve())
    own = _QUERY.sub("", name) if is_address(name) else name.replace(os.sep, "/")
    own = posixpath.basename(own)
    # Tables must not name a file as they name a built-in policy.
    stack = _stack(f"./{own}" if own in BUILT_IN else own, where, remote)
    _refuse(stack.layers[::-1])
    _refuse(misfits(stack))
    return policy_of(stack).at(datetime.now(UTC))


def read_file(path: Path) -> Mapping[str, Any]:
    """Return the keys of one file, without those of the files that it extends.

    Raises ConfigurationError with all of its faults.
    """
    layer = _read(path.name, str(path), None)
    _refuse([layer])
    return layer.table


def _stack(name: str, where: str, remote: Remote | None) -> Stack:
    """Return a file, and those that it extends, below it.

    With a fault in one file, none is read from an address.
    """
    above: list[Layer] = []
    while True:
        chain = " → ".join([*(each.name for each in above), without_secrets(name)])
        if where in {each.where for each in above}:
            raise ConfigurationError(f"Policies must not extend each other in a circle: {chain}")
        if len(above) >= _MOST_FILES:
            raise ConfigurationError(f"At most {_MOST_FILES} files can extend each other: {chain}")
        if is_address(where):
            _refuse(above)
        above.append(_read(without_secrets(name), where, remote))
        name = above[-1].extends
        if name in BUILT_IN:
            return Stack(name, above[::-1])
        where = _place_of(name, above[-1].where)


def _place_of(name: str, by: str) -> str:
    """Return the path or address of a file that the file at `by` names."""
    if is_address(name):
        return name
    if not is_address(by):
        return str((Path(by).parent / name).resolve())
    found = _IN_PROJECT.match(by)
    top, own = (found["top"], found["path"]) if found else (by, "")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(own), name))
    if path.startswith(("/", "../")):
        raise ConfigurationError(
            f"{without_secrets(by)} is not valid:\n  extends: must be a file of the same project, "
            f"got “{name}”"
        )
    return f"{top}{path}"


def _read(name: str, where: str, remote: Remote | None) -> Layer:
    """Return what a file says; ConfigurationError if it cannot be read."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from gitlab_sync.policies.model import PolicyTable  # noqa: PLC0415 - as above

    raw: dict[str, Any] = {}
    try:
        raw = parse_toml(_text(where, remote))
        return Layer(name, where, PolicyTable.model_validate(raw).model_dump(exclude_unset=True))
    except OSError as error:
        raise ConfigurationError(f"{where} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        return Layer(name, where, raw, [*faults_of(error)])
    except UnicodeDecodeError:
        return Layer(name, where, raw, ["must be UTF-8, got other bytes"])
    except (ValueError, BeyondBounds) as error:
        return Layer(name, where, raw, [str(error)])


def _text(where: str, remote: Remote | None) -> str:
    if not is_address(where):
        path = Path(where)
        if path.exists() and not path.is_file():  # such as a pipe, which could have no end
            raise ConfigurationError(f"{where} is not a file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    elif remote is None:
        raise ConfigurationError(
            f"{without_secrets(where)} cannot be read: there is no GitLab and no token for it here",
            hint="Write the path of a copy.",
        )
    else:
        data = remote(where)
    if len(data) > MOST_BYTES:
        raise BeyondBounds(f"longer than {MOST_BYTES:,} bytes")
    return data.decode()


def _refuse(layers: Iterable[Layer]) -> None:
    """Raise ConfigurationError with all faults of the files, if there are any."""
    texts = [
        "".join([f"{layer.name} is not valid:", *(f"\n  {fault}" for fault in layer.faults)])
        for layer in layers
        if layer.faults
    ]
    if texts:
        raise ConfigurationError("\n".join(texts))


_PYDANTIC = re.compile(
    r"^Value error, |^(?P<subject>Input|List|String) should| after validation, not .*"
)
"""What its messages say of values, and what no one needs to read."""

_WANTED: Mapping[str, str] = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "must be a table"),
    "list_type": "must be a list",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
}
"""What is said of wrong types, by pydantic's name of the fault."""


def faults_of(error: ValidationError) -> Iterator[str]:
    """Yield each fault with its place: `checks.no_desc.severity: must be one of …`."""
    from gitlab_sync.policies.model import known_keys  # noqa: PLC0415 - as above

    found = error.errors(include_url=False)
    for each in found[:MOST_FAULTS]:
        keys, kind = each["loc"], each["type"]
        if kind == "extra_forbidden":
            *table, key = keys
            noun = "check" if table == ["checks"] else "key"
            reason = f"unknown {noun}.{did_you_mean(str(key), known_keys(table))}"
        else:
            reason = "is missing" if kind == "missing" else _reason(each)
        yield shown(f"{'.'.join(map(str, keys))}: {reason}")
    if len(found) > MOST_FAULTS:
        yield f"and {len(found) - MOST_FAULTS:,} more faults"


def _reason(each: Any) -> str:
    """Return what is wrong with a value, what was given, and what was meant."""
    said = _PYDANTIC.sub(lambda said: "must" if said["subject"] else "", each["msg"])
    text, _, meant = _WANTED.get(each["type"], said).removesuffix(".").partition(". ")
    given = each["input"]
    if each["type"] == "literal_error":
        known = each["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        text, meant = f"must be one of {known}", did_you_mean(str(given), known.split(", ")).strip()
    if isinstance(given, dict):
        return text
    return f"{text}, got {_shown(given)}{f'. {meant}' if meant else ''}"


def _shown(value: object) -> str:
    text = f"“{value}”" if isinstance(value, str) else repr(value)
    text = text.lower() if isinstance(value, bool) else text
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
