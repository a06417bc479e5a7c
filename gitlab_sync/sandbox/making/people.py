"""People of a generated world: their records, and how careful each is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from gitlab_sync.sandbox.records import Record, basic_user
from gitlab_sync.sandbox.truth import ISSUE_CHECKS, MERGE_REQUEST_CHECKS

_FIRST_NAMES = (
    "Alice Bruno Chiara Dmitri Elena Farid Greta Hiroshi Ines Jonas Keiko Liam Mei Nadia "
    "Oskar Priya Quentin Rosa Samir Tala Ugo Vera Wanjiru Xenia Yusuf Zofia Anders Bianca "
    "Carlos Dilnoza Emre Fatou"
)
_LAST_NAMES = (
    "Moreau Rossi Ivanova Okafor Schmidt Tanaka Silva Novak Haddad Larsen Kowalska Fernandez "
    "Mwangi Petrov Dubois Yilmaz Nguyen Costa Berg Iyer Castellanos Fischer Adeyemi Lindqvist "
    "Rahman Sato Vargas Weber Zielinska Brandt Osei Kaya"
)
FIRST_NAMES = _FIRST_NAMES.split()
LAST_NAMES = _LAST_NAMES.split()
_OFFSETS = ("+00:00", "+02:00", "+05:30", "-04:00")
_CHECKS = tuple(dict.fromkeys((*MERGE_REQUEST_CHECKS, *ISSUE_CHECKS)))


@dataclass(slots=True)
class Person:
    """A person in a world: how likely each fault is (`lapses`), and the offset of their clock."""

    record: Record
    lapses: Mapping[str, float] = field(default_factory=dict)
    offset: str = "+00:00"
    basic: Record = field(init=False)

    def __post_init__(self) -> None:
        self.basic = basic_user(self.record)

    @property
    def username(self) -> str:
        """The username as GitLab spells it."""
        return str(self.record["username"])

    @property
    def id(self) -> int:
        """The user's id."""
        return int(self.record["id"])

    def forgets(self, check: str, random: Random) -> bool:
        """Draw whether this person commits the fault this time."""
        return random.random() < self.lapses.get(check, 0.0)


def user_record(
    number: int, username: str, name: str, url: str, *, bot: bool = False, **more: object
) -> Record:
    """Return the full record of a user."""
    return {
        "id": number,
        "username": username,
        "name": name,
        "state": "active",
        "locked": False,
        "avatar_url": None,
        "web_url": f"{url}/{username}",
        "created_at": "2023-01-09T08:00:00.000Z",
        "bio": "",
        "location": None,
        "public_email": None,
        "email": None if bot else f"{username.lower()}@corp.example",
        "linkedin": "",
        "twitter": "",
        "website_url": "",
        "organization": None,
        "job_title": "",
        "pronouns": None,
        "bot": bot,
        "work_information": None,
        "local_time": None,
        **more,
    }


def people(random: Random, number: int, url: str) -> list[Person]:
    """Return that many people with distinct names, each with habits of their own."""
    found = []
    for position, (first, last) in zip(range(number), _names(), strict=False):
        rounds = position // (len(FIRST_NAMES) * len(LAST_NAMES))
        suffix = str(rounds + 1) if rounds else ""
        username = _username(first, last, position) + suffix
        public = f"{username.lower()}@corp.example" if position % 3 == 0 else None
        record = user_record(
            position + 1, username, f"{first} {last}{suffix}", url, public_email=public
        )
        carelessness = random.choice((0.05, 0.2, 0.35, 0.6))
        lapses = {check: min(0.9, carelessness * random.uniform(0.4, 1.6)) for check in _CHECKS}
        found.append(Person(record, lapses, random.choice(_OFFSETS)))
    return found


def _names() -> Iterator[tuple[str, str]]:
    """Yield pairs of names for ever; early ones differ in both."""
    while True:
        for shift in range(len(LAST_NAMES)):
            for position, first in enumerate(FIRST_NAMES):
                yield first, LAST_NAMES[(position + shift) % len(LAST_NAMES)]


def _username(first: str, last: str, position: int) -> str:
    """Return a username; some have capitals, as GitLab allows."""
    if position % 5 == 3:
        return f"{first}{last}"
    if position % 5 == 4:
        return f"{first[0]}{last}_{first[1:3]}".lower()
    return f"{first}.{last}".lower()


def bots(first_id: int, url: str) -> list[Person]:
    """Return accounts that are no people: by name only, since notes carry no flag."""
    names = (
        ("renovate", "Renovate"),
        ("review-bot", "Review Bot"),
        ("project_101_bot_4f2a", "Quality token"),
    )
    return [
        Person(user_record(first_id + position, username, name, url, bot=True))
        for position, (username, name) in enumerate(names)
    ]


def ghost(number: int, url: str) -> Person:
    """Return GitLab's stand-in for deleted accounts, which counts as a person."""
    return Person(user_record(number, "ghost", "Ghost User", url))
