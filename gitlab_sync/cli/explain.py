"""`explain`: say when a check fails, why that matters, and how to fix its faults."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

import click

from gitlab_sync.cli.exits import OK
from gitlab_sync.cli.options import Choice, Command

if TYPE_CHECKING:
    from gitlab_sync.rules.items.check import Check

_MOST_NAMES = 3
_UNLIKE = 0.5  # the part of a name that must match for a suggestion

# The rules for items evaluate no open items, and give no weights.
_ITEMS: Mapping[str, str] = {
    "merge requests": "merged and closed merge requests",
    "issues": "closed issues",
}

# Columns of the table of projects that combine several checks, or have a title of their own.
_PROJECT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "Security": ("secret_scan", "dependency_audit"),
    "Coverage": ("coverage_threshold",),
    "CI/CD": ("ci_test", "ci_lint", "ci_format", "ci_type_check", "ci_coverage"),
    "Stack": ("language",),
    "AGPLv3": ("license",),
    "OSI Approved": ("license",),
}


class Found(NamedTuple):
    """A check, and the rule set that it is part of: `merge requests`, `issues` or `projects`."""

    rules: str
    check: Check


@click.command(cls=Command)
@click.argument(
    "check", required=False, shell_complete=lambda _context, _parameter, begun: _ids(begun)
)
@click.option(
    "--format", "-f", "form", type=Choice(["table", "json"]), default="table",
    show_default=True, help="json: a list of objects.",
)  # fmt: skip
def explain(check: str | None, form: str) -> int:
    """Explain a CHECK, by its id, the title of its column, or words of it; else list all."""
    found = list(_all()) if check is None else named(check)
    if form == "json":
        from gitlab_sync.reports.json_file import to_json

        data = to_json([_facts(each) for each in found])
    else:
        text = _list(found) if check is None else "\n".join(map(_explanation, found))
        data = text.encode()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return OK


def named(name: str) -> list[Found]:
    """Return the checks of all rule sets with that id or title, whatever its case.

    If there are none, those with all of its words in their title. Raises click.UsageError,
    which names the closest matches, if there is none either.
    """
    names = _names()
    words = set(_key(name).split())
    found = names.get(_key(name)) or [
        each for each in _all() if words and words <= {*_key(each.check.title).split()}
    ]
    if found:
        return found
    nearest = get_close_matches(_key(name), names, _MOST_NAMES, _UNLIKE)
    columns = {_key(title): title for title in _columns()}
    shown = dict.fromkeys(columns.get(key, names[key][0].check.id) for key in nearest)
    hint = (
        f"The closest matches are: {', '.join(shown)}."
        if shown
        else "Without a CHECK all are listed."
    )
    raise click.UsageError(f"There is no check {name!r}. {hint}")


def _ids(begun: str) -> list[str]:
    """Return the ids of all checks that begin so, each once."""
    names = dict.fromkeys(found.check.id for found in _all())
    return [name for name in names if name.startswith(begun)]


def _names() -> dict[str, list[Found]]:
    names: dict[str, list[Found]] = {}
    for found in _all():
        for name in dict.fromkeys((_key(found.check.id), _key(found.check.title))):
            names.setdefault(name, []).append(found)
    for title, (rules, of) in _columns().items():
        checks = [found for name in of for found in names[_key(name)] if found.rules == rules]
        names.setdefault(_key(title), checks)
    return names


def _columns() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the rule set, and ids or titles in it, of columns with a title of their own."""
    from gitlab_sync.rules.scores.unified import ISSUE_CHECKS, MERGE_REQUEST_CHECKS

    columns = {title: ("projects", ids) for title, ids in _PROJECT_COLUMNS.items()}
    for rules, titles in (("merge requests", MERGE_REQUEST_CHECKS), ("issues", ISSUE_CHECKS)):
        columns |= {column: (rules, (title,)) for column, title in titles.items()}
    return columns


def _key(name: str) -> str:
    return " ".join(name.replace("_", " ").lower().split())


def _all() -> Iterator[Found]:
    from gitlab_sync.rules.items import issue, merge_request
    from gitlab_sync.rules.projects import checks as project_checks

    sets: dict[str, Sequence[Check]] = {
        "merge requests": merge_request.CHECKS,
        "issues": issue.CHECKS,
        "projects": project_checks.CHECKS,
    }
    for rules, checks in sets.items():
        yield from (Found(rules, check) for check in checks)


def _facts(found: Found) -> dict[str, str | float | None]:
    check = found.check
    return {
        "Rules": found.rules,
        "Id": check.id,
        "Check": check.title,
        "Severity": check.severity,
        "Fails when": check.fails_when,
        "Why": check.why,
        "How to fix": check.how_to_fix,
        "Read for it": ", ".join(check.needs) or None,
        "Area": getattr(check, "area", None),
        "Weight": getattr(check, "weight", None),
        "Applies to": _applies_to(getattr(check, "applies_to", _ITEMS.get(found.rules, ""))),
    }


def _applies_to(what: str | tuple[str, ...]) -> str:
    return ", ".join(what) if isinstance(what, tuple) else what


def _explanation(found: Found) -> str:
    from gitlab_sync.rules.projects.checks import WEIGHTS

    facts = _facts(found)
    weight, all_weights = facts["Weight"], sum(WEIGHTS.values())
    shown = {
        "Fails when": facts["Fails when"],
        "Why": facts["Why"],
        "To do": facts["How to fix"],
        "Severity": facts["Severity"],
        "Weight": "none: faults are counted"
        if weight is None
        else f"{weight:g} of {all_weights:g}",
        "Area": facts["Area"],
        "Applies to": facts["Applies to"],
        "Read for it": facts["Read for it"] or "nothing beyond the list or the record",
        "Id": facts["Id"],
    }
    width = max(map(len, shown))
    lines = [f"{found.check.title} ({found.rules})"]
    lines += [f"  {title:<{width}}  {text}" for title, text in shown.items() if text is not None]
    return "".join(f"{line}\n" for line in lines)


def _list(found: Iterable[Found]) -> str:
    checks = list(found)
    ids, titles = (max(len(getattr(each.check, key)) for each in checks) for key in ("id", "title"))
    lines: list[str] = []
    for rules in dict.fromkeys(each.rules for each in checks):
        lines += ["", rules[0].upper() + rules[1:]]
        lines += [
            f"  {check.id:<{ids}}  {check.title:<{titles}}  {check.why}"
            for each, check in checks
            if each == rules
        ]
    return "".join(f"{line}\n" for line in lines[1:])
