"""Labels with which a check does not apply."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gitlab_sync.rules import record
from gitlab_sync.rules.items.labels import LABELS, label_name
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.types import Record


def applied(
    thing: Record, found: dict[str, Verdict], exempt: Mapping[str, Collection[str]]
) -> dict[str, Verdict]:
    """Return the verdicts, n/a where one of the item's labels exempts it from the check.

    Labels are compared exactly. Where they are not readable, a check with exempt labels is unknown.
    """
    labels = record.field(thing, "labels")
    names = list(map(label_name, labels)) if LABELS.fits(labels) else None
    link = record.link(thing)
    changed = dict(found)
    for check, among in exempt.items():
        if check not in found or not among:
            continue
        if names is None:
            changed[check] = Verdict(
                "unknown", record.unreadable(thing, "labels", LABELS.name), link
            )
        elif any(name in among for name in names):
            label = next(name for name in names if name in among)
            changed[check] = Verdict("n/a", f"exempt by the label “{label}”", link)
    return changed
