"""Contests: a person disputes a fault in an issue, which the link next to the fault fills in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, urlencode

from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.markdown import as_code
from gitlab_sync.rules.projects import checks as project_checks
from gitlab_sync.rules.waiver import Waiver

MOST_CHARACTERS = 2000
"""Of the address of a form: browsers and proxies take that many for sure."""

MOST_TITLE = 255
"""Characters of the title of an issue, as GitLab takes them."""

_PROJECT = r"[\w.-]+(?:/[\w.-]+)+"
_SUBJECT = re.compile(rf"(?P<project>{_PROJECT})(?P<iid>[!#][1-9][0-9]{{0,18}})?", re.ASCII)
_MARK = re.compile(rf"\s*<!-- gitlab-sync contest: ([a-z0-9_]+) ({_SUBJECT.pattern}) -->", re.ASCII)
# No signs that could end a link, or begin code.
_WEB = re.compile(r"https?://[\w.~:/?#!$&*+,;=%-]+", re.ASCII | re.IGNORECASE)
_LENGTHS = (300, 120, 40)
_PLACE_FOR_REASON = "## Why it should not count\n\n(Please say why.)\n"


_CHECKS = {
    "!": frozenset(check.id for check in merge_request.CHECKS),
    "#": frozenset(check.id for check in issue.CHECKS),
    "": frozenset(project_checks.BY_ID),
}


def is_check_of(check: str, subject: str) -> bool:
    """Return whether there is such a check of an item (its reference) or a project (its path)."""
    sign = next((each for each in "!#" if each in subject), "")
    return check in _CHECKS[sign]


@dataclass(frozen=True, slots=True)
class Contested:
    """What is disputed: a check, by its id, of an item (its reference) or of a project (its path).

    Immutable.
    """

    check: str
    subject: str

    @property
    def is_item(self) -> bool:
        """Whether it is a merge request or an issue."""
        return "!" in self.subject or "#" in self.subject

    def waiver(self, reason: str, by: str, until: date) -> Waiver:
        """Return the waiver that settles it."""
        if self.is_item:
            return Waiver(self.check, reason, by, until, item=self.subject)
        return Waiver(self.check, reason, by, until, project=self.subject)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as the issue about it shows it. Immutable.

    `subject` is as in `Contested`, `title` the item's, `link` its address; `reason` says what was
    found, and `evidence` is the address of that. `policy` is the name of the policy.
    """

    check: Check
    subject: str
    reason: str
    title: str = ""
    link: str | None = None
    evidence: str | None = None
    policy: str = ""


def form_address(project: str, fault: Fault) -> str | None:
    """Return the address of GitLab's form for a new issue about a fault, with everything filled in.

    `project` is the address of the project that takes contests. Long texts are cut, so that the
    address has at most `MOST_CHARACTERS` in all but extreme cases. None if the subject is no
    reference of an item and no path of a project: no waiver could name it.
    """
    if not _SUBJECT.fullmatch(fault.subject):
        return None
    title = f"Contest: {fault.check.title} of {fault.subject}"[:MOST_TITLE]
    address = ""
    for most in (*_LENGTHS, 0):
        fields = {"issue[title]": title, "issue[description]": _description(fault, most)}
        address = f"{project}/-/issues/new?{urlencode(fields, quote_via=quote)}"
        if len(address) <= MOST_CHARACTERS:
            break
    return address


def contested_in(description: str) -> Contested | None:
    """Return what an issue is about, by the mark that begins its description; else None."""
    found = _MARK.match(description)
    return None if found is None else Contested(found[1], found[2])


def _description(fault: Fault, most: int) -> str:
    mark = f"<!-- gitlab-sync contest: {fault.check.id} {fault.subject} -->"
    return "\n".join([mark, "", *_facts(fault, most), "", _PLACE_FOR_REASON])


def _facts(fault: Fault, most: int) -> Iterator[str]:
    yield f"- Check: **{fault.check.title}** (`{fault.check.id}`)"
    about = _linked(fault.subject, fault.link if most else None)
    yield f"- About: {about} {_cut(fault.title, most)}".rstrip()
    if most:
        evidence = "" if fault.evidence in {None, fault.link} else fault.evidence
        where = f" ({_linked('evidence', evidence)})" if evidence else ""
        yield f"- Found: {_cut(fault.reason, most)}{where}"
    if fault.policy and most:
        yield f"- Policy: {_cut(fault.policy, most)}"


def _cut(text: str, most: int) -> str:
    """Return the beginning of a text as inline code; empty if there is nothing to show."""
    if not text.strip() or not most:
        return ""
    return as_code(text if len(text) <= most else f"{text[:most]}…")


def _linked(text: str, address: str | None) -> str:
    """Return a link; plain code if the address is not one of the web."""
    if address is None or not _WEB.fullmatch(address):
        return as_code(text)
    return f"[{text}]({address})"
