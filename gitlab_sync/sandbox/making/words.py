"""Texts of a generated world: titles, descriptions, notes, messages, paths.

Each function keeps a promise that a decision needs: with or without a reference to an issue, with
or without a semantic first line, on a test path or not.
"""

from __future__ import annotations

from random import Random

_VERBS = (
    "add",
    "update",
    "remove",
    "simplify",
    "handle",
    "speed up",
    "document",
    "rename",
    "validate",
    "cache",
)
_THINGS = (
    "the login form",
    "retries of the uploader",
    "the export of reports",
    "time zones in charts",
    "empty search results",
    "the queue of mails",
    "pagination of the member list",
    "the settings page",
    "error texts of the parser",
    "the nightly backup",
    "keyboard navigation",
    "the dark theme",
)
_TYPES = ("feat", "fix", "docs", "refactor", "test", "chore", "perf", "style")
_COMMIT_TYPES = (*_TYPES, "build", "ci", "revert")
_ISSUE_TYPES = (*_TYPES, "bug")
_SCOPES = ("", "(api)", "(ui)", "(core)", "(export)!", "!")
_UNSEMANTIC = ("WIP", "More work on", "feature:", "bugfix -", "Some cleanup in", "Quick fix for")
_REASONS = (
    "because users were waiting too long for it",
    "so that the page stays readable on small screens",
    "in order to make failures visible",
    "since two customers asked for it",
)
_MODULES = ("auth", "export", "mail", "search", "charts", "members", "settings", "backup")
_EXTENSIONS = ("py", "js", "go", "ts")

_COMMENTS = (
    "<!-- Describe what this changes, and why. -->",
    "<!--\nA template that nobody filled in.\nCloses #12\n-->",
    "<!-- never closed, so all of this is a comment\n## Summary\nRelated to #7",
    "<!-- one -->\n\n<!-- two -->\n   ",
)
_EMPTY = ("", None, "   \n\t\n", *_COMMENTS)
_LOOKALIKES = (
    "It&#39;s now the same colour as the header.",
    "The colour is #123abc from now on.",
    "This was on the list for a long time.",
    "Tested by hand on three screens.",
)
_REMARKS = (
    "Could you split this function?",
    "Looks good to me, thanks.",
    "Please add a line to the changelog.",
    "Why is this needed here?",
    "Nice, much simpler now.",
    "ok",
)
_ANSWERS = ("Done.", "Good point, changed.", "Rebased.", "I will do that in another one.")
_BOT_REMARKS = (
    "Coverage went up to eighty percent.",
    "All checks have ended.",
    "This branch is out of date.",
)
SYSTEM_NOTES = (
    "added 1 commit",
    "changed the description",
    "marked this merge request as ready",
    "requested review from a colleague",
    "mentioned in issue #3",
    "added ~42 label",
)
"""Texts of notes that GitLab writes itself; a reference in one of them counts for nothing."""

APPROVED = "approved this merge request"
UNAPPROVED = "unapproved this merge request"


def subject(random: Random) -> str:
    """Return a phrase such as "simplify the login form"; no semantic prefix, no reference."""
    return f"{random.choice(_VERBS)} {random.choice(_THINGS)}"


def semantic(random: Random, *, kind: str = "commit") -> str:
    """Return a line with a semantic prefix that counts for a `commit` or an `issue`."""
    types = _ISSUE_TYPES if kind == "issue" else _COMMIT_TYPES
    prefix = random.choice(types)
    if random.random() < 0.1:
        prefix = prefix.capitalize()
    return f"{prefix}{random.choice(_SCOPES)}: {subject(random)}"


def unsemantic(random: Random) -> str:
    """Return a line without such a prefix, though some look like one."""
    if random.random() < 0.5:
        return subject(random).capitalize()
    return f"{random.choice(_UNSEMANTIC)} {random.choice(_THINGS)}"


def reference(random: Random, iid: int, url: str) -> str:
    """Return a reference to the issue `iid`, in any of the forms that count; `url` is a project's.

    Only the first form closes the issue in GitLab's eyes.
    """
    forms = (
        f"Closes #{iid}",
        f"Related to #{iid}",
        f"See {url}/-/issues/{iid}",
        f"Follows {url}/-/work_items/{iid}",
        f"GL-{iid}",
        f"For issue {iid}",
    )
    return random.choice(forms)


def no_description(random: Random) -> str | None:
    """Return a description in which nothing stands but comments."""
    return random.choice(_EMPTY)


def description(random: Random, added: str = "") -> str:
    """Return a description with something to read; `added` is a line of its own."""
    lines = []
    if random.random() < 0.3:
        lines.append("<!-- Keep the headings, please. Closes #99 -->")
    if random.random() < 0.6:
        lines += ["## Summary", ""]
    lines.append(f"This will {subject(random)}, {random.choice(_REASONS)}.")
    if random.random() < 0.5:
        lines += ["", "## Testing", "", "- ran the whole suite", f"- {random.choice(_LOOKALIKES)}"]
    if added:
        lines += ["", added]
    return "\n".join(lines)


def message(first_line: str, random: Random, added: str = "") -> str:
    """Return a commit's message with that first line; `added` stands in its body."""
    text = f"{first_line}\n"
    if random.random() < 0.4:
        text += f"\nDone {random.choice(_REASONS)}.\n"
    return f"{text}\n{added}\n" if added else text


def remark(random: Random) -> str:
    """Return what a reviewer writes."""
    return random.choice(_REMARKS)


def answer(random: Random) -> str:
    """Return what an author replies."""
    return random.choice(_ANSWERS)


def bot_remark(random: Random) -> str:
    """Return what a bot writes."""
    return random.choice(_BOT_REMARKS)


def code_path(random: Random, number: int) -> str:
    """Return a path that is no test path, though some look like one; `number` tells them apart."""
    module = random.choice(_MODULES)
    forms = (
        f"src/{module}/step_{number}.{random.choice(_EXTENSIONS)}",
        f"docs/{module}-{number}.md",
        f"src/{module}/contest{number}.py",
        f"src/{module}/latest{number}.txt",
        f"web/{module}{number}.test.d.ts",
        f"src/{module}/Attest{number}.java",
    )
    return random.choice(forms)


def test_path(random: Random, number: int) -> str:
    """Return a test path, in any of the forms that count; `number` tells them apart."""
    module = random.choice(_MODULES)
    forms = (
        f"tests/{module}/case_{number}.py",
        f"src/{module}/test_step_{number}.py",
        f"pkg/{module}/step{number}_test.go",
        f"web/{module}{number}.spec.ts",
        f"web/__tests__/{module}{number}.js",
        f"java/{module.capitalize()}{number}Test.java",
        f"pkg/testdata/{module}{number}.json",
        f"e2e/{module}{number}/conftest.py",
    )
    return random.choice(forms)
