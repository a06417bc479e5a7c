"""Names and addresses in the forms in which suggestions compare them.

They are looser than those of `identity`, by which commits are divided: accents, the order of words
and digits at the end can differ. So they may only suggest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TypeAlias

from gitlab_sync.rules.identity.identity import normal_address

Words: TypeAlias = tuple[str, ...]
"""A name as `words` returns it."""

MOST_COMPARED = 100
"""Characters of a name or an address that are compared: people have no longer ones."""

_COMMON = """
admin administrator agent bot build builder ci code contact contacto default dev devel developer
devnull email example first firstname git github gitlab guest hallo hello home info kontakt laptop
last lastname local localhost mail me name nobody none noreply office pi private public pc root
runner server software student students support svn team test tester tests ubuntu unknown user
username vagrant web webmaster work workstation you your youremail yourname
"""  # quoted
_PUBLIC = """
126.com 163.com aol.com example.com example.org fastmail.com free.fr gmail.com gmx.de gmx.net
googlemail.com hotmail.com icloud.com live.com mail.com mail.ru me.com msn.com outlook.com pm.me
posteo.de proton.me protonmail.com qq.com web.de yahoo.com yandex.ru ymail.com
"""

# `7-ann@users.noreply.gitlab.example` of GitLab, `7+ann@users.noreply.github.com` of GitHub.
_HIDDEN = re.compile(r"[0-9]{1,18}[-+](.+)@users\.noreply\.[^@]+", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "a", "œ": "o", "\u0131": "i"}
)
# German writes ä, ö and ü in two ways; `casefold` makes `ss` of ß.
_TWO_LETTERS = re.compile(r"([aou])e")


def words(text: str) -> Words:
    """Return the words and numbers of a name, in order: in lower case and without accents.

    Only the first `MOST_COMPARED` characters are looked at.
    """
    return tuple(_WORD.findall(_plain(text)))


def joined(text: str) -> str:
    """Return the letters and digits of a name or a username, as `words` has them."""
    return "".join(words(text))


def handle(address: str) -> str:
    """Return what an address says of its person, without a tag after `+`: as `joined` does.

    That is the part before the `@`, or the username in a hidden address of GitLab or GitHub.
    """
    address = normal_address(address)[: 2 * MOST_COMPARED]
    hidden = _HIDDEN.fullmatch(address)
    if hidden is not None:
        return joined(hidden[1])
    return joined(address.rpartition("@")[0].partition("+")[0])


def is_hidden(address: str) -> bool:
    """Return whether GitLab or GitHub made the address, with the username in it."""
    return _HIDDEN.fullmatch(normal_address(address)[: 2 * MOST_COMPARED]) is not None


def own_domain(address: str) -> str:
    """Return the domain of an address; empty for one at which anyone can have an address."""
    domain = normal_address(address).rpartition("@")[2][:MOST_COMPARED]
    is_own = "." in domain and domain not in _PUBLIC_DOMAINS
    return domain if is_own and not domain.startswith("users.noreply.") else ""


def is_part(one: Words, other: Words, is_telling: Callable[[str], bool]) -> bool:
    """Return whether each word of the shorter name is a word or an initial of the longer one.

    At least one of them has to be a whole word in both, and one that `is_telling`.
    """
    short, long = sorted((one, other), key=len)
    left, whole = list(long), False
    for word in short:
        same = [each for each in left if each == word]
        initials = [each for each in left if 1 in {len(each), len(word)} and each[0] == word[0]]
        if not same and not initials:
            return False
        left.remove((same or initials)[0])
        whole = whole or bool(same and is_telling(word))
    return whole


def _plain(text: str) -> str:
    spelled = unicodedata.normalize("NFKD", text[:MOST_COMPARED].casefold().translate(_LETTERS))
    bare = "".join(sign for sign in spelled if not unicodedata.combining(sign))
    return _TWO_LETTERS.sub(r"\1", bare)


SAYS_NOTHING = frozenset(map(joined, _COMMON.split()))
"""Words that are in the names and addresses of many people and machines, as `words` has them."""

_PUBLIC_DOMAINS = frozenset(_PUBLIC.split())
