"""Adds signatures to the text of an aliases file or a `.mailmap`; all that is there stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.bounds import shown
from gitlab_sync.rules.identity.aliases import ADDRESS, COMMENT, parse_aliases
from gitlab_sync.rules.identity.identity import normal_address
from gitlab_sync.rules.identity.known_by import is_mailmap
from gitlab_sync.rules.identity.mailmap import parse_mailmap
from gitlab_sync.rules.identity.suggestions import Signature
from gitlab_sync.rules.identity.usernames import bare_username, username_key

Form: TypeAlias = Literal["aliases", "mailmap"]
"""The two forms: lines of a username and its addresses, and those of gitmailmap(5)."""

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_SPACES = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Assigned:
    """A signature, as it is listed, and the person that it is assigned to.

    `commits` are the signatures in the commits themselves, where a `.mailmap` has changed them.
    `proper` are the name and the address of the person that a `.mailmap` has for the signature.
    """

    signature: Signature
    username: str
    commits: tuple[Signature, ...]
    proper: Signature


def form_of(path: str, text: str = "") -> Form:
    """Return the form of a file: by its text if it has any lines, else by the end of its name."""
    if is_mailmap(text):
        return "mailmap"
    has_lines = any(line.strip() and not line.lstrip().startswith("#") for line in text.split("\n"))
    return "mailmap" if path.lower().endswith("mailmap") and not has_lines else "aliases"


def with_assigned(text: str, assigned: Iterable[Assigned], form: Form, source: str) -> str:
    """Return the text of a file with further signatures; what it has already is not repeated.

    Comments, the order and the ends of lines stay. In an aliases file an address is added to the
    last line of its person; all other lines are new and last. `source` names the file in messages.
    Raises ConfigurationError for a text with faults, for a signature that is another person's there
    or is assigned twice, and for one that the form cannot hold.
    """
    each = list(dict.fromkeys(assigned))
    owners: dict[Signature, str] = {}
    for one in each:
        name, address = (part.strip().lower() for part in one.signature)
        owner = owners.setdefault((name, address), username_key(one.username))
        if owner != username_key(one.username):
            raise _is_of(_spelled(one.signature), owner, "what is to be added")
    return (_with_aliases if form == "aliases" else _with_mappings)(text, each, source)


def with_open(text: str, lines: Iterable[tuple[Signature, str, str]], form: Form) -> str:
    """Return the text of a file with a comment for each signature that it does not mention.

    `lines` have the signature, the username to suggest (empty: none), and a remark. Without the
    sign `#` at its beginning, and with a username in place of `?`, such a line is valid.
    """
    for signature, username, remark in lines:
        name, address = (_SPACES.sub(" ", part).strip() for part in signature)
        mention = address if "@" in address else name
        if not mention or mention.lower() in text.lower():
            continue
        person = username or "?"
        said = f"# {person}, {mention}"
        if form == "mailmap":
            said = f"# {person} <?> {name} <{address}>"
        text = _appended(text, f"{said}  # {_SPACES.sub(' ', remark)}")
    return text


def _with_aliases(text: str, assigned: Sequence[Assigned], source: str) -> str:
    fields = {
        key: {each.lower() for each in (*alias.emails, *alias.names)}
        for key, alias in parse_aliases(text, source).items()
    }
    owners = {field: key for key, theirs in fields.items() for field in theirs if "@" in field}
    for one in assigned:
        field, key = _field(one), username_key(one.username)
        owner = owners.get(field.lower(), key)
        if owner != key:
            raise _is_of(field, owner, source)
        theirs = fields.setdefault(key, set())
        if field.lower() not in theirs:
            text = _with_field(text, one.username, field)
            theirs.add(field.lower())
            owners |= {field.lower(): key} if "@" in field else {}
    parse_aliases(text, source)
    return text


def _with_field(text: str, username: str, field: str) -> str:
    """Return the text with one field more, on the last line of the person or on a new one."""
    found = None
    for match in _LINE.finditer(text):
        typed = COMMENT.sub("", match[1].removeprefix("\ufeff")).partition(",")[0]
        if username_key(bare_username(typed)) == username_key(username):
            found = match
    if found is None:
        return _appended(text, f"{username}, {field}")
    line = found[1]
    comment = COMMENT.search(line)
    body = line if comment is None else line[: comment.start()]
    kept = body.rstrip().rstrip(",").rstrip()
    changed = f"{kept}, {field}{body[len(body.rstrip()) :]}{'' if comment is None else comment[0]}"
    return f"{text[: found.start(1)]}{changed}{text[found.end(1) :]}"


def _with_mappings(text: str, assigned: Sequence[Assigned], source: str) -> str:
    before = parse_mailmap(text, source)
    for one in assigned:
        for signature in one.commits:
            known = before.proper(*signature)
            was = normal_address(known[1])
            if was == normal_address(one.proper[1]) and known != signature:
                continue
            if was not in {normal_address(each[1]) for each in (signature, one.signature)}:
                raise _is_of(_spelled(signature), known[1], source)
            text = _appended(text, _mapping(one.proper, signature))
    return text


def _mapping(proper: Signature, signature: Signature) -> str:
    name, address = (part.strip() for part in signature)
    person, known = (part.strip() for part in proper)
    signs = any(sign in part for part in (*proper, name, address) for sign in "<>\r\n")
    if signs or "#" in name or person.startswith("#") or not address:
        raise ConfigurationError(
            f"a .mailmap cannot hold the signature {_spelled(signature)}",
            hint="Use an aliases file.",
        )
    return " ".join(filter(None, (person, f"<{known}>", name, f"<{address}>")))


def _field(one: Assigned) -> str:
    """Return the address of a signature, or the name where it has none."""
    name, address = (part.strip() for part in one.signature)
    field = address if ADDRESS.fullmatch(address) else name
    if not field or "," in field or COMMENT.search(field) or _LINE.fullmatch(field) is None:
        raise ConfigurationError(
            f"an aliases file cannot hold the signature {_spelled(one.signature)}",
            hint="Use a .mailmap.",
        )
    return field


def _appended(text: str, line: str) -> str:
    end = next((match[2] for match in _LINE.finditer(text) if match[2]), "\n")
    if text.removeprefix("\ufeff") and not text.endswith(("\n", "\r")):
        text += end
    return f"{text}{line}{end}"


def _spelled(signature: Signature) -> str:
    return shown(f"{signature[0]} <{signature[1]}>".strip())


def _is_of(what: str, owner: str, source: str) -> ConfigurationError:
    return ConfigurationError(
        f"{source}: {shown(what)} is already assigned to {shown(owner)}",
        hint="Leave it out, or take it away there first.",
    )
