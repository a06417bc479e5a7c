"""The file of known faults: what was wrong before, and breaks no pipeline today."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules import record
from gitlab_sync.rules.bounds import MOST_LIST_CHARACTERS, BeyondBounds, within

NAME = "gitlab-sync-baseline.json"
"""The usual name of the file."""

FORMAT = 1
"""The version of the file's format."""

_KEYS = ("place", "check", "fingerprint")
_OTHER = "Name another file with --baseline, or delete this one and write it again."
_REPAIR = "Write it with `gitlab-sync baseline --write`, and do not edit it."


@dataclass(frozen=True, slots=True, order=True)
class KnownFault:
    """A fault that is known. `place` is for readers; the fingerprint is what counts."""

    place: str
    check: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """The known faults under one policy. Immutable.

    `policy` is its name. `project` is the full path of the project that all of them are in, or None
    where they can be in any.
    """

    policy: str
    project: str | None
    faults: frozenset[KnownFault] = frozenset()

    @property
    def fingerprints(self) -> frozenset[str]:
        """The fingerprints of all known faults."""
        return frozenset(fault.fingerprint for fault in self.faults)

    def without(self, gone: Iterable[KnownFault]) -> Baseline:
        """Return the baseline without some of its faults."""
        return replace(self, faults=self.faults - frozenset(gone))

    def renewed(self, found: Iterable[KnownFault], decided: Collection[str]) -> Baseline:
        """Return the baseline with the faults `found` in place of all that were decided.

        `decided` are fingerprints. A known fault that a run did not look at, or could not decide,
        stays.
        """
        kept = {fault for fault in self.faults if fault.fingerprint not in decided}
        return replace(self, faults=frozenset(kept.union(found)))

    def check_fits(self, policy: str, project: str | None, name: str) -> None:
        """Raise ConfigurationError if it is for another policy, or not for this project.

        One for any project fits each of them. `name` is that of the file.
        """
        facts = (("policy", self.policy, policy), ("project", self.project, project))
        for what, own, asked in facts:
            if own not in {asked, None}:
                raise ConfigurationError(
                    f"{name} must be for {_named(what, asked)}, got {_named(what, own)}",
                    hint=_OTHER,
                )

    def to_text(self) -> str:
        """Return the content of the file: sorted, and a line for each fault."""
        head = {"format": FORMAT, "policy": self.policy, "project": self.project}
        faults = [{key: getattr(fault, key) for key in _KEYS} for fault in sorted(self.faults)]
        lines = ",\n".join(f"    {_json(fault)}" for fault in faults)
        shown = f"[\n{lines}\n  ]" if lines else "[]"
        told = "".join(f"  {_json(key)}: {_json(value)},\n" for key, value in head.items())
        return f'{{\n{told}  "faults": {shown}\n}}\n'


def parse_baseline(data: bytes, name: str) -> Baseline:
    """Return the baseline in the content of a file; ConfigurationError for anything else."""
    try:
        content: Any = json.loads(within(data.decode("utf-8"), MOST_LIST_CHARACTERS))
    except BeyondBounds as beyond:
        raise ConfigurationError(f"{name} is too large: {beyond}") from None
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{name} must be JSON, got something else", hint=_REPAIR) from None
    if not isinstance(content, dict) or "format" not in content:
        raise ConfigurationError(f"{name} must be a baseline, got another JSON", hint=_REPAIR)
    if content["format"] != FORMAT:
        raise ConfigurationError(
            f"{name} must have the format {FORMAT}, got {content['format']!r:.40}",
            hint="Use the version of gitlab-sync that wrote it, or delete it and write it again.",
        )
    policy, project, faults = (content.get(key) for key in ("policy", "project", "faults"))
    known = frozenset(map(_fault, faults)) if isinstance(faults, list) else {None}
    if None in known or not isinstance(policy, str) or not isinstance(project, str | None):
        raise ConfigurationError(
            f"{name} must have a policy, a project and faults, each with {', '.join(_KEYS)}",
            hint=_REPAIR,
        )
    return Baseline(policy, project, frozenset(filter(None, known)))


def _fault(entry: object) -> KnownFault | None:
    parts = [record.text(entry, key) for key in _KEYS]
    return KnownFault(*filter(None, parts)) if all(parts) else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _named(what: str, name: str | None) -> str:
    return f"any {what}" if name is None else f"the {what} {name}"
