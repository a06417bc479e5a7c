"""The inputs that make each pattern, and what reads a server's heads and errors, work the most."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException
from typing import TypeAlias

from gitlab_sync.cli import output
from gitlab_sync.errors import ConfigurationError, GitLabSyncError, without
from gitlab_sync.http import wire
from gitlab_sync.http.messages import Incoming
from gitlab_sync.http.urls import clean_base_url, moved_to, without_page
from gitlab_sync.pages.team_text import Team, read_teams, teams_as_text
from gitlab_sync.pages.widgets import markdown
from gitlab_sync.reports import json_file
from gitlab_sync.rules.bounds import Effort
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.items import description, patterns
from gitlab_sync.rules.markdown import escaped
from gitlab_sync.rules.projects import (
    ci_includes,
    licences,
    projects_input,
    script_files,
    settings_files,
    task_files,
    tool_uses,
)
from gitlab_sync.snapshots.identity import Identity

Text: TypeAlias = tuple[str, str, str]
"""What comes before, the piece that is repeated, and what comes after."""

Use: TypeAlias = str | Callable[[str], object]
"""The method of the pattern that is used, or the function around it."""

ELSEWHERE = ("sandbox",)
"""The folder that sees no text of a stranger."""

OWN = {
    "api.facts.stored:forget_person": "the names of a person, each as it is written",
    "http.urls:_elsewhere": "two signs, each looked for once",
    "snapshots.identity:_PARTS": "a single character",
    "policies.file:_PYDANTIC": "pydantic's own sentences",
    "store.store:store_path": "the host in the operator's URL, cut to 60 characters",
}
"""The patterns that see no text of strangers, with the reason."""


def _steered(text: str) -> object:
    """Look for what a terminal obeys, in bytes."""
    return output._CONTROLS.sub(b"?", json_file._STEERING.sub(b"?", text.encode()))


def _address(text: str) -> object:
    """Read the address of an instance, whatever comes of it."""
    with contextlib.suppress(ConfigurationError):
        return clean_base_url(text)
    return None


def _without_page(text: str) -> object:
    """Read the address of a page, whatever comes of it."""
    with contextlib.suppress(ConfigurationError):
        return without_page(text)
    return None


def _error_page(text: str) -> object:
    """Read the page of an error."""
    return wire.error_of(wire.Answer(502, {}, text.encode()))


def _head(text: str) -> object:
    """Read the head of an answer, whatever comes of it."""
    incoming = Incoming("GET", 64)
    with contextlib.suppress(HTTPException):
        incoming.feed(b"HTTP/1.1 200 OK\r\n" + text.encode("latin-1") + b"\r\n\r\n")
    return incoming.headers


_WORDS = ("", "a ", "")
_LETTERS = ("", "a", "\0")
_SPACES = ("", " ", "\0")

WORST: Mapping[str, tuple[Use, tuple[Text, ...]]] = {
    # What a server says.
    "api.graphql.health:_NO_FIELD": (
        "findall",
        (("", "Field '", ""), ("Field '", "a", ""), ("", "Field 'a' doesn't exist on type '", "")),
    ),
    "api.graphql.health:_NO_ARGUMENT": ("findall", (("", "Field 'a' ", ""), ("Field '", "a", ""))),
    "api.graphql.page_size:_TOLD": (
        "search",
        (
            ("complexity of ", "1", ""),
            ("", "complexity of ", ""),
            ("complexity of 1", " complexity of", ""),
            ("complexity of 1, complexity of ", "1", ""),
        ),
    ),
    "api.graphql.query:_DIGITS": ("fullmatch", (("", "1", "x"),)),
    "api.timelogs:_SECONDS": ("fullmatch", (("-", "1", "x"),)),
    "api.graphql.query:_NUMBER": (
        "fullmatch",
        (("gid://gitlab/", "a:", ""), ("gid://gitlab/A/", "1", "x"), ("", "gid://gitlab/", "")),
    ),
    "api.graphql.records:_WITHOUT_FRACTION": ("sub", (("", ":00", ""), ("", ":00Z", " "))),
    "errors:_SECRET_PARAMETER": (
        "sub",
        (("", "private_token", ""), ("", "token=", ""), ("", "job_-", ""), ("code=", "a", "")),
    ),
    "errors:without": (
        partial(without, "secret-text-1"),
        (("", "secret-", ""), ("", "secret-text-", ""), ("", "%2d", ""), _LETTERS),
    ),
    "errors:_USER_INFO": ("sub", (("", "://", ""), ("://", "a", ""), ("://", "a@", "/"))),
    "errors:_TOKEN_SHAPE": ("sub", (("", "glabcdef", ""), ("", "gho-", " "), ("eyJ", ".", ""))),
    "http.urls:_BARE_PERCENT": ("sub", (("", "%", ""), ("", "%a", ""))),
    "http.urls:_PRINTABLE": ("fullmatch", (("", "a", " "),)),
    "http.urls:_PLAIN": (
        "fullmatch",
        (("", "a", " "), ("", "a/", ""), ("", "a/a", "?"), ("a?a=", "a", "/"), ("a?", "a=a&", "")),
    ),
    "http.urls:clean_base_url": (_address, (("https://a/", "a", " "), ("", "https://", ""))),
    "http.wire:_TOO_COMPLEX": ("search", (("", "complexit", ""), ("", "query is too ", ""))),
    "http.wire:_message": (_error_page, (("", "<", ""), ("<", "a", ""), ("", "<a>", ""))),
    "rules.items.description:_MARKED": (
        "finditer",
        (("", "**a", ""), ("**", "a", ""), ("", "__a", ""), ("__", "a", ""), ("", "   ", "#")),
    ),
    "rules.items.description:_SECTION": ("search", (("", "summar", ""), ("", "asummary", ""))),
    "rules.items.description:_CHANGE": ("search", (("", "adde", ""), ("", "added_", ""))),
    "rules.items.description:_REASON": ("search", (("", "so tha", ""), ("", "because_", ""))),
    "rules.items.description:_LIST": (
        "search",
        (("", " ", ""), ("", "1", ""), ("-", " ", ""), ("", "\t\n", ""), ("1.", "\t", "\n")),
    ),
    "rules.items.description:analyze_description": (
        description.analyze_description,
        (("", "<!--", ""), ("", "a ", ""), ("", "# ", "")),
    ),
    "rules.items.paths:_STEM": (
        "match",
        (("", "_test", "x"), ("", "a", ""), ("", ".", ""), ("test_", "a", "\n\n"), ("", "-", "")),
    ),
    "rules.items.paths:_CAMEL_STEM": ("match", (("", "Test", "x"), _LETTERS, ("", "Spec.", ""))),
    "rules.projects.files:README": ("match", (("readme", ".md", ""), ("readme.", "a", ""))),
    "rules.projects.files:LICENSE": (
        "match",
        (("license", ".", "/"), ("licenses/", "a", ""), ("", ".py", "x"), ("", ".", "")),
    ),
    "rules.projects.files:CONTRIBUTING": ("match", (("contributing.", "a", "/"), _LETTERS)),
    "rules.projects.files:CHANGELOG": ("match", (("news.", "a", "/"), ("changelog.d", "/", "\n"))),
    "rules.projects.files:CODE_OF_CONDUCT": ("match", (("code_of_conduct.", "a", "/"), _LETTERS)),
    "rules.projects.files:ISSUE_TEMPLATE": (
        "match",
        ((".gitlab/issue_templates/", "a.md", "x"), (".gitlab/issue_templates/", "a", "")),
    ),
    "rules.projects.files:MERGE_REQUEST_TEMPLATE": (
        "match",
        ((".gitlab/merge_request_templates/", ".md", "x"), _LETTERS),
    ),
    "rules.projects.files:_SETTINGS_LIKE": (
        "match",
        (("", "requirements", ""), ("requirements", ".", ""), ("jest.config.", "a", ".")),
    ),
    "rules.shape:_PATH": (
        "fullmatch",
        (("", "a/", ""), ("", "a", " "), ("", "a.", ""), ("", ".", "/")),
    ),
    "rules.items.references:_ADDRESS": (
        "fullmatch",
        (
            ("https://a/b", "/merge_requests/1", "/"),
            ("https://a/b/-/issues/", "1", "x"),
            ("https://", "a", ""),
            ("https://a/", "/", ""),
        ),
    ),
    "rules.items.history:_EDITS": (
        "match",
        (
            ("added ", "time spen", ""), ("deleted ", "spent tim", ""), ("", "removed ", ""),
            ("marked ", "this merge request as ", ""), ("", "un", "marked as **draft"),
        ),
    ),
    "rules.items.reviews:_PUSH": (
        "match", (("added ", "1", "x"), ("added 1 ", "new ", ""), ("", "added ", "")),
    ),
    "rules.items.fair_merge_request:_DRAFT": (
        "sub",
        (_SPACES, ("", "draft:", ""), ("", " [wip]", "x"), ("", "(draft", "")),
    ),
    "rules.items.source_paths:_GENERATED": (
        "match",
        (("", "a.min.", "j"), ("", "_pb2", "x"), ("", ".generated", ""), ("", ".", "")),
    ),
    "rules.text:_COMMENT": ("sub", (("", "<!--", ""), ("<!--", "-", ""), ("", "<!-- -->", ""))),
    "rules.text:SEMANTIC": ("match", (("fix(", "a", ""), ("fix(", "(", ""), ("", "fix", ""))),
    "rules.text:SEMANTIC_ISSUE": ("match", (("fix(", "a", ""), ("fix(", "(", ""), ("", "bug", ""))),
    "rules.text:_ISSUE_REFERENCE": (
        "search",
        (
            ("#", "1", "a"),
            ("", "#1a", ""),
            ("issue", " ", ""),
            ("", "issues #", ""),
            ("GL-", "1", "a"),
            ("", "/-/issues", ""),
        ),
    ),
    "pages.profile_view:_LINKED_IMAGE": (
        "sub",
        (
            ("", "[![", ""),
            ("[![", "a", ""),
            ("[![](", "a", ""),
            ("", "[![](", ""),
            ("", "[![]()", ""),
        ),
    ),
    "pages.state.roles:_ENTRY": ("match", (("", " ", ""), ("[[", " ", ""), ("a", " ", ""))),
    "pages.widgets.error_panel:_STATUS": ("findall", (("", "404", ""), ("", "40", ""))),
    "api.file_pages:_PAGE": (
        "match",
        (("/", "/-/blob/", ""), ("/a/-/blob/", "a", ""), ("/", "/-/blob/?", "")),
    ),
    "policies.edit:_LONE_FEED": ("sub", (("", "\n", ""), ("", "\r\n", ""))),
    "policies.file:_ADDRESS": ("match", (("https", ":", ""), ("", "https://", ""))),
    "policies.file:_QUERY": ("sub", (("", "?", ""), ("", "?#", ""))),
    "policies.file:_IN_PROJECT": (
        "match",
        (("/", "/-/blob/", ""), ("/a/-/blob/", "a", ""), ("", "/-/raw//", "")),
    ),
    "policies.model:_HOURS": ("fullmatch", (("", "1", "h"),)),
    "policies.model:_CLOCK": ("fullmatch", (("", "1", ":00"),)),
    "policies.model:_GROUP": ("fullmatch", (("", "a", "!"), ("a", "/a", "!"))),
    "policies.model:_PROJECT": ("fullmatch", (("", "a", "!"), ("a", "/a", "!"))),
    "policies.model:_ITEM": ("fullmatch", (("a", "/a", "!"), ("a/a!1", "0", "a"))),
    "policies.model:_IDENTIFIER": ("fullmatch", (("", "a", "!"),)),
    "snapshots.files:NAME": ("fullmatch", (("20260301T120000Z-", "1", "a"),)),
    "snapshots.files:_URL": ("match", (("", "a", ""), ("", "a+", ":/"))),
    "snapshots.identity:Identity": (
        Identity(frozenset({"alice"}), frozenset(), frozenset({"alice"})).without,
        (("", "alice.", ""), ("", "alice", ""), ("", "alicealice-", "")),
    ),
    "snapshots.run_info:_NAME": ("fullmatch", (("a", ".a", ""), ("", "a", "!"))),
    "services.doctor.server:_VERSION": ("match", (("", "1", ""), ("", "1.", ""))),
    "http.exchanges:_WORD": ("fullmatch", (("", "a", "!"),)),
    "snapshots.records:_USUAL": ("fullmatch", (("", "1", ""),)),
    "snapshots.records:_USUAL_THERE": ("fullmatch", (("", "1", ""), ("", "T2", ""))),
    "rules.contest:_SUBJECT": ("fullmatch", (("a", "/a", "?"), ("a/a!1", "0", "a"))),
    "rules.contest:_MARK": (
        "match",
        (
            ("", " ", ""),
            ("<!-- gitlab-sync contest: ", "a", ""),
            ("<!-- gitlab-sync contest: a a", "/a", ""),
        ),
    ),
    "rules.contest:_WEB": ("fullmatch", (("https://", "a", " "), ("", "http://", " "))),
    "rules.items.patterns:_TOKEN": (patterns.pattern_fault, (("", "[", ""), ("", "\\", ""))),
    "rules.items.patterns:_TRAILING": (patterns.pattern_fault, (("", " ", "a"), ("", "\\ ", ""))),
    "rules.items.patterns:_name": (
        patterns.matcher(["*a*b*c", "**/a*b*c/**"]),
        (("", "a", ""), ("", "ab", ""), ("", "a/", "")),
    ),
    "rules.parity.older_cell:_NUMBER": (
        "fullmatch",
        (("", "1", "a"), ("1", ",111", "a"), ("1", "'111", ",a"), ("1,", "1", "a")),
    ),
    "rules.markdown:BLANK": (escaped, (("", " ", ""), ("a", " ", "a"))),
    "rules.markdown:CONTROL": (escaped, (("", "\x9b", ""), _LETTERS)),
    "pages.widgets.markdown:_WEB": ("fullmatch", (("https://", "a", " "), ("", "http://", " "))),
    "pages.widgets.markdown:_SPECIAL": (markdown.escaped, (("", "*", ""), _LETTERS)),
    "pages.widgets.markdown:_REPLACED": (
        "sub",
        (("", ":streamlit", ""), ("", "<-", ""), ("", "http:", ""), ("", "a@", "")),
    ),
    "pages.profile_view:_FENCE": ("match", (("", "`", ""), ("```", "a", "\n"), ("", "~", "`"))),
    "pages.state.limits:_NUMBER": ("fullmatch", (("", "1", "x"),)),
    "pages.state.browser_cookie:_KEY": ("fullmatch", (_LETTERS,)),
    "reports.csv_file:_BREAK": ("sub", (("", ";", ""), ("", "\t", "a"))),
    "reports.json_file:_STEERING": (_steered, (("", "\x9b", ""), ("", "\u2028", ""), _LETTERS)),
    "cli.output:_CONTROLS": (_steered, (("", "\r", ""), ("", "\x1b", ""), _LETTERS)),
    "reports.cells:_DAY": ("fullmatch", (("", "2024-01-01", ""), ("", "1", ""))),
    "reports.cells:_MOMENT": ("fullmatch", (("2024-01-01T00:00", "a", "\n"), ("", "1", ""))),
    "reports.cells:_ILLEGAL": ("sub", (("", "\0", ""), _WORDS)),
    "rules.markdown:_PUNCTUATION": ("sub", (("", "!", ""), ("", "a", ""))),
    "reports.sheet:_WEB": ("fullmatch", (("https://", "a", " "), ("", "http://", " "))),
    "reports.xlsx_file:_NO_NAME": ("sub", (("", "[", ""), _WORDS)),
    "rules.identity.bots:_TOKEN_USER": ("match", (("project_", "1", "_"), ("", "project_", ""))),
    "rules.identity.identity:_PRIVATE": (
        "fullmatch",
        (
            ("1-", "@users.noreply.", ""),
            ("1-a", "@users.noreply.a", "@"),
            ("", "1-", ""),
            ("1-a@users.noreply.", "a", "@"),
        ),
    ),
    "rules.identity.identity:_BETWEEN_WORDS": ("sub", (_SPACES, ("", "a_", ""))),
    # What the files of a repository hold.
    "rules.identity.mailmap:_LINE": (
        "fullmatch",
        (
            ("", "<", ""),
            ("", "<a>", ""),
            ("<a>", " ", "x"),
            ("<a> b <c>", " ", "x"),
            ("", "a", ""),
            ("<a>", "#", "\n"),
        ),
    ),
    "rules.projects.ci_includes:_STARS": ("split", (("", "*", ""), ("", "a*", ""))),
    "rules.projects.ci_includes:_HARMLESS_TEMPLATE": (
        "match",
        (("Security/", "a", "\n\n"), ("Jobs/SAST", ".", "\n\n"), ("", "Jobs/", "")),
    ),
    "rules.projects.ci_includes:_entries": (
        lambda text: list(ci_includes.entries({"include": text})),
        (("", "https://", ""), _LETTERS),
    ),
    "rules.projects.coverage_threshold:_OPTION": (
        "finditer",
        (
            ("", "--fail-under", ""),
            ("--fail-under-", "a", ""),
            ("--fail-under", " ", "x"),
            ("", "--fail-under-a=", ""),
            ("--fail-under=", "1.", ""),
            ("--min", " ", "x"),
            ("", "--min ", ""),
            ("-p:Threshold=", "1", "x"),
        ),
    ),
    "rules.projects.coverage_threshold:_IN_FILES": (
        "search",
        (
            ("", "<minimum>", ""),
            ("<minimum>", " ", ""),
            ("", "minimum ", ""),
            ("", "minimum(", ""),
            ("", " ", ""),
            ("", "a", ""),
            ("a:", "0", ""),
            ("", "target:\t", ""),
            ("", "threshold: ", ""),
            ("", "minBound", ""),
            ("minBound", " ", ""),
            ("", "coverageMinimum", ""),
            ("", "<Threshold>", ""),
            ("", "fail-under-a", ""),
            ("fail-under-", "a", ""),
            ("", "\n ", ""),
            ("", "\n", ""),
        ),
    ),
    "rules.projects.documents:_TEST_FOLDER": (
        "search", (("", "-test", ""), ("", "Test", ""), ("", "test", ""), ("", "-unit", "")),
    ),
    "rules.projects.files:LICENSES": ("match", (("licenses/", "a", "/"), ("", "licenses/", ""))),
    "rules.projects.licences:_DECLARED": (
        "finditer",
        (
            ("", "license", ""),
            ("", "license: ", ""),
            ("license", " ", ""),
            ("", "license[", ""),
            ("license: ", "a", ""),
            ("", "license: a", ""),
        ),
    ),
    "rules.projects.licences:_GNU": (
        "search", (("", "GNU ", ""), ("", "AGPL-", ""), ("", "GPL-3.", ""), ("GPL-3", "+", "")),
    ),
    "rules.projects.licences:_PROSE": (
        "search",
        (("the apache", " ", ""), ("", "apache ", ""), ("mpl", " ", ""), ("", "bsd ", "")),
    ),
    "rules.projects.licences:_TAG": (
        "finditer",
        (
            ("", "SPDX-License-Identifier:", ""),
            ("SPDX-License-Identifier:", "\t", ""),
            ("SPDX-License-Identifier:", " ", ""),
        ),
    ),
    "rules.projects.licences:_FAMILY": ("match", (("AGPL-", "1", ""), ("GPL-1.", "1", "x"))),
    "rules.projects.licences:_VERSION": ("sub", (("GPL-", "1", ""), ("GPL-1.", "1", "x"))),
    "rules.projects.licences:policy_title": (
        lambda text: licences.policy_title({text}),
        (("", "-only", "x"), ("", "-or-later", ""), ("GPL-", "1", "")),
    ),
    "rules.projects.parsing:_TOML": (
        "finditer",
        (
            ("", "a.", ""),
            ("", "a", ""),
            ("", '"', ""),
            ("", '"a".', ""),
            ("", '\\"', ""),
            ('"', "\\", ""),
            ('"""', '\\"""', ""),
            ('"""', '\\""" ', ""),
            ("", '"""a', ""),
            ("", "'", ""),
            ("", "'.", ""),
            ("", "'''", ""),
            ("", "\"\n", ""),
            ("", "#", ""),
            ("a", " ", "."),
            ("", "a .", ""),
            ("", "a." * 29 + "a=", ""),
            ("", '"a' + ".a" * 29 + '"', ""),
        ),
    ),
    "rules.projects.parsing:_DELIMITER": ("search", (_LETTERS,)),
    "rules.projects.makefiles:_RECIPE_PREFIX": ("sub", (("", " ", "x"), ("", "@", ""))),
    "rules.projects.makefiles:_VARIABLE": (
        "match",
        (_LETTERS, ("a", " ", ""), ("export", " ", ""), ("a=", "a", ""), ("", "a ", "")),
    ),
    "rules.projects.makefiles:_REFERENCE": (
        "findall",
        (("", "$(", ""), ("$(", "a", ""), ("", "$(a", ""), ("", "${a)", ""), ("", "$", "")),
    ),
    "rules.projects.makefiles:_DIRECTIVE": ("match", (_SPACES, ("", "ifeq", ""))),
    "rules.projects.makefiles:_JUST_VARIABLE": (
        "match",
        (_LETTERS, ("a", " ", ""), ("export", " ", ""), ("a:=", "a", "")),
    ),
    "rules.projects.makefiles:_JUST_RECIPE": (
        "match",
        (_LETTERS, ("a ", "a", ""), ("a ", ":", ""), ("a", " ", "")),
    ),
    "rules.projects.makefiles:_BRACES": (
        "findall",
        (("", "{{", ""), ("{{", " ", ""), ("{{", "a", ""), ("", "{{ a ", "")),
    ),
    "rules.projects.scripts:_FACTORS": ("sub", (_LETTERS, _SPACES, ("", "a:", ""))),
    "rules.projects.scripts:_OPTIONAL": ("sub", (_SPACES, ("", "- ", ""), ("", " \n", ""))),
    "rules.projects.task_files:_SESSION": ("match", (_SPACES, ("def", " ", ""), ("def ", "a", ""))),
    "rules.projects.task_files:_DECORATED": (
        "search",
        (("", "name", ""), ("name", " ", ""), ("", "name = ", ""), ("name='", "a", "")),
    ),
    "rules.projects.task_files:_RUN": ("findall", (("", ".run(", ""), ("", ".run", ""))),
    "rules.projects.task_files:_STRING": ("findall", (("'", "a", ""), ("", "'\"", ""))),
    "rules.projects.task_files:nox_sessions": (
        task_files.nox_sessions,
        (("", "def ", ""), ("", "@\n", ""), ("", "def a():\n", ""), ("@", "def a ", "")),
    ),
    "rules.projects.task_files:_MIX_ALIAS": (
        "findall",
        (_SPACES, _LETTERS, ("", "a: [\n", ""), ("", "a: \"", ""), ("", ' "', "")),
    ),
    "rules.projects.task_files:_MIX_TASK": ("findall", (("", '"', ""), ('"', "a", ""))),
    "rules.projects.ci_config:_NAMED": ("findall", (("", "$", ""), ("", "${", ""), ("$", "a", ""))),
    "rules.projects.ci_config:_SAYS_WHEN": ("search", (("", "rule", ""), ("", "-onl", ""))),
    "rules.projects.folders:_VARIABLE": ("match", (("$", "a", "-"), ("${", "a", ""))),
    "rules.projects.targets:_SHEBANG": ("match", (("#!", "/", ""), ("#!", "sh", ""))),
    "rules.projects.targets:_NO_SHELL": ("search", (("", ".py", "x"), ("", ".", ""))),
    "rules.projects.settings_files:_COMMENTS": (
        "sub",
        (
            ("", "<!--", ""),
            ("", "/*", ""),
            ("", " /*", ""),
            ("", " ", ""),
            ("", "\n ", ""),
            ("/*", "*", ""),
            ("", "#", ""),
        ),
    ),
    "http.urls:without_page": (
        _without_page,
        (("https://a", "/-", "x"), ("https://a/", "?#", ""), ("", " ", "\0"), ("", "/-/", "")),
    ),
    "pages.state.downloads:_TICKET": ("fullmatch", (("/downloads/", "a", "!"), ("", "/", ""))),
    "pages.week_view:_ZERO": ("fullmatch", (("", "0 ", ""), ("", "0h ", ""), ("0", " ", "x"))),
    "rules.projects.ci_inputs:_INPUT": (
        "sub",
        (("", "$[[", ""), ("$[[ inputs.", "a", ""), ("", "$[[ inputs.a ", ""), ("$[[", " ", "")),
    ),
    "rules.projects.readme_topics:_ADDRESSES": (
        "sub",
        (
            ("", "![", ""),
            ("", "![a](", ""),
            ("", "](", ""),
            ("", "[", ""),
            ("", "https://", ""),
            ("https://", "a", ""),
            ("", 'src="', ""),
            ("", "src=", ""),
            ("", "\n.. |", ""),
            (".. |", "a", ""),
            ("", "\n ", ""),
        ),
    ),
    "rules.projects.readme_topics:_HEADINGS": (
        "search", (("", "run ", ""), ("run ", "a", ""), ("", "us", ""), ("", "get", ""), _LETTERS),
    ),
    "rules.projects.readme_topics:_MARKED": ("match", (("", "#", ""), ("<h1", "a", ""), _SPACES)),
    "rules.projects.readme_topics:_WORDS": (
        "search",
        (("", "installation_", ""), ("", "set-", ""), ("", "quick ", ""), ("", "getting ", "")),
    ),
    "rules.projects.settings_files:_WORDS_ALONE": ("fullmatch", (_LETTERS, ("a", " ", "#"))),
    "rules.projects.settings_files:_has_dependencies_in_text": (
        lambda text: [
            settings_files._has_dependencies_in_text(path, text)
            for path in ("go.mod", "build.gradle", "description", "pubspec.yaml", "x.csproj")
        ],
        (("", " ", ""), ("", "\n ", ""), ("", "require_", ""), ("", "\n", "")),
    ),
    "rules.projects.settings_files:_names_a_package": (
        # A longer line is refused.
        lambda text: [
            settings_files._names_a_package(text[at : at + 8_000], Effort())
            for at in range(0, len(text), 8_000)
        ],
        (("", " ", ""), ("", " #", ""), ("", "#egg=", ""), ("a[", "a,", ""), ("a", ">=1,", "")),
    ),
    "rules.projects.shell:_TOKEN": (
        "finditer",
        (
            ("", "'", ""),
            ("", '"', ""),
            ('"', "a", ""),
            ("'", "a", ""),
            ("", '\\"', ""),
            ('"', '\\"', ""),
            ("", "`", ""),
            ("", "#", ""),
            ("", "a #", ""),
            ("", "'\" ", ""),
            ("", "\\", ""),
        ),
    ),
    "rules.projects.shell:_SUBSTITUTION": (
        "finditer",
        (("", "$(", ""), ("$(", "a", ""), ("", "`", ""), ("`", "a", ""), ("", "$()", "")),
    ),
    "rules.projects.shell:_ASSIGNMENT": ("match", (_LETTERS, ("a=", "a", ""))),
    "rules.projects.shell:_HERE_DOCUMENT": (
        "search",
        (("", "<<", ""), ("<<", " ", ""), ("", "<<- ", ""), ("", "<", "")),
    ),
    "rules.projects.shell:_VARIABLE": ("fullmatch", (("$", "a", "-"), ("${", "a", ""))),
    "rules.projects.shell:_WRAPPER": ("search", (("", "ru", ""), ("", "sessio", ""))),
    "rules.projects.shell:_WHICH": ("match", (_SPACES, ("which", " ", ""), ("which ", "a", ""))),
    "rules.projects.shell:_SCRIPT": ("search", (("", ".sh", "x"), ("", "../", ""), ("", ".", ""))),
    "rules.projects.shell:_VERSION": (
        "split",
        (("a", "-1", "x"), ("a", ".1", ""), ("a", "@", ""), ("a", "==", ""), ("", "/", "")),
    ),
    "rules.projects.shell:_JAR": (
        "sub",
        (("", "-1", ".jar"), ("-1", "a", ".jar"), ("", "-all", ".jar"), ("", ".jar", "")),
    ),
    "rules.projects.shell:_PYTHON": ("match", (("python", "1", "x"), ("", "py", ""))),
    "rules.projects.script_files:_hook_line": (
        lambda text: script_files._hook_line(text, "ruff"),
        (("", "id:", ""), ("id:", " ", ""), ("", "id: ", ""), ("", "id: ruff_", "")),
    ),
    "rules.projects.tool_uses:_VERSION": ("sub", (("", "-1", ""), ("-1", ".", "x"), ("", "1", ""))),
    "rules.projects.tool_uses:purposes_of_name": (
        tool_uses.purposes_of_name,
        (("", "aA", ""), ("", "a-", ""), ("", "Test", ""), ("", "1", "")),
    ),
    "rules.projects.runners:_values_of": (
        lambda text: tool_uses.ToolReader().uses([text]),
        (
            *(("tox -e ", "a,", ""), ("tox ", "-e a ", ""), ("tox -e '", ", ", "'")),
            *(("uv run ", "-a ", ""), ("yarn ", "-w ", ""), ("make ", "-C a ", "")),
            *(("mix do ", "a, ", ""), ("cargo ", "+a ", ""), ("npx concurrently ", "npm:a ", "")),
            *(("composer ", "a ", ""), ("turbo ", "a ", ""), ("cmake --build ", "-t a ", "")),
            *(("xargs ", "-n a ", ""), ("bash ", "-o a ", ""), ("cd a; ", "./a ", "")),
        ),
    ),
    # What a person types, pastes or uploads.
    "api.projects:_SCP": (
        "fullmatch",
        (("", "a", ""), ("", "@", ""), ("a", ":", ""), ("a:", "a", " ")),
    ),
    "api.windows:_KEYSET": ("fullmatch", (("projects/", "a", ""), ("", "projects/", ""))),
    "api.windows:_WITH_TIMES": ("fullmatch", (("groups/", "a", ""), ("", "groups/", ""))),
    "cli.compliance:_COMMENT": ("sub", (_SPACES, ("", "#", ""), ("", " #\n", ""))),
    "cli.compliance:_check_licence": (
        re.compile(r"[A-Za-z0-9.+-]+").fullmatch, (("", "a", "!"),),
    ),
    "cli.fields:_KEY": ("fullmatch", (("a", "[a]", "["), ("a", "[", ""), ("a[", "a", ""))),
    "cli.fields:_INNER": ("findall", (("", "[", ""), ("[", "a", ""), ("", "[a", ""))),
    "cli.fields:_INTEGER": ("fullmatch", (("", "1", ""),)),
    "api.token:_BOT": ("match", (("group_", "1", ""), ("", "group_1_", ""))),
    "pages.compliance_fields:_SPDX": ("fullmatch", (("", "a", "!"),)),
    "pages.team_text:_LINE": (
        "match",
        (
            ("", '"', ""),
            ('"', '""', ""),
            ("", "(", ""),
            ("(", '"', ""),
            ("a (", " ", ""),
            ("a (", "b ", ""),
            ('"', '"" ', ""),
            ("", "a", ""),
        ),
    ),
    "pages.team_text:_MEMBER": (
        lambda text: read_teams(f"a: {text}"),
        (
            ("", "(", ""),
            ("", "a ", ""),
            ("", "a (b),", ""),
            ("", '"', ""),
            ('(a"', '""', ""),
            ("", ",", ""),
        ),
    ),
    "pages.team_text:_quoted": (
        lambda text: teams_as_text([Team(text, text, ())]), (("", '"', ""), _LETTERS),
    ),
    "pages.week_fields:_TO_QUOTE": ("search", (_LETTERS,)),
    "rules.dates:_DURATION": ("fullmatch", (("", "1", ""), ("1", "d", ""))),
    "rules.dates:_AGO": ("fullmatch", (("", "1", ""), ("1", "d", ""))),
    "rules.dates:_WEEK": ("fullmatch", (("2024-w01", "1", ""), ("", "1", ""))),
    "rules.dates:_MONTH": ("fullmatch", (("2024-01", "1", ""), ("", "1", ""))),
    "rules.dates:_DATE_FIRST": ("match", (("", "2024-01-01", ""), ("", "1", ""))),
    "rules.delimited:_QUOTED": ("sub", (("", '"', ""), ('"', "a", ""), ("", '""a', '"'))),
    "rules.delimited:_LINE_BREAK": ("split", (("", "\r", ""), ("", "\r\n", ""), ("", "\n\r", ""))),
    "rules.identity.aliases:COMMENT": ("sub", (_SPACES, ("", "#", ""), ("", " #\n", ""))),
    "rules.identity.aliases:ADDRESS": (
        "fullmatch",
        (("", "a", ""), ("a", "@", ""), ("a@", "a", " ")),
    ),
    "rules.identity.alias_text:_LINE": ("findall", (_LETTERS, ("", "\r", ""), ("", "\n", ""))),
    "rules.identity.alias_text:_SPACES": ("sub", (_SPACES, ("", "a ", ""), ("", "\n", ""))),
    "rules.identity.co_authors:_TRAILER": (
        "findall",
        (
            ("", "co-authored-by:", ""),
            ("co-authored-by:", " ", ""),
            ("co-authored-by:<", " ", ""),
            ("", "co-authored-by:a <\n", ""),
        ),
    ),
    "rules.identity.known_by:_ADDRESS": ("search", (("", "<", ""), ("<", "a", ""), ("", "<a", ""))),
    "rules.identity.name_forms:_HIDDEN": (
        "fullmatch",
        (
            ("1-", "a", ""),
            ("", "1", "-"),
            ("1-", "@users.noreply.", "@"),
            ("1-a@users.noreply.", "a", "@"),
        ),
    ),
    "rules.identity.name_forms:_WORD": ("findall", (_LETTERS, ("", "a1", ""), ("", "_", ""))),
    "rules.identity.name_forms:_TWO_LETTERS": ("sub", (("", "ae", ""), ("", "a", ""))),
    "rules.delimited:_COMMENT_LINE": ("match", (("", " ", ""), ("", " ", "#,"))),
    "rules.delimited:_COMMENT": ("sub", (_SPACES, ("", "#", ""), ("", " #\n", ""))),
    "rules.identity.people_input:_OTHER_TITLE": ("fullmatch", (_LETTERS, ("", "student ", "id"))),
    "rules.identity.usernames:_PROFILE": (
        "fullmatch",
        (("https://", "a", ""), ("https://a", "/", ""), ("https://a/users/a/?", "#?", "\n")),
    ),
    "rules.identity.usernames:_USERNAME": ("fullmatch", (_LETTERS,)),
    "rules.projects.projects_input:_COMMENT": ("sub", (_SPACES, ("", "#", ""), ("", " #\n", ""))),
    "rules.projects.projects_input:_BETWEEN": ("split", (_SPACES, ("", "a,", ""))),
    "rules.projects.projects_input:project_fault": (
        projects_input.project_fault, (("", "1", "a"), ("", "/", ""), ("", "a", " ")),
    ),
}  # fmt: skip


def _redirect(text: str) -> object:
    """Read where a redirect leads, whatever comes of it."""
    with contextlib.suppress(GitLabSyncError):
        return moved_to("projects/1", text, "https://gitlab.example.com")
    return None


READERS: Mapping[str, tuple[Callable[[str], object], tuple[Text, ...]]] = {
    "a head": (
        _head,
        (("X-A:", " ", "\rx"), ("", "X-A: b\r\n", ""), ("", "a", ""), ("", ":", ""), ("", " ", "")),
    ),
    "a Link header": (
        lambda text: wire.read(wire.Answer(200, {"link": text}, b"[]")),
        (("", "<", ""), ("", "<>;", ""), ("<a>", ";", ""), ("<a>; rel=", " ", "x"), ("", ",", "")),
    ),
    "a time to wait": (
        lambda text: wire.retry_after({"retry-after": text, "date": text}),
        (("", "1", ""), ("", "Mon, ", ""), ("", " ", ""), ("", "(", ""), ("1", ":1", "")),
    ),
    "a limit": (
        lambda text: wire.rate_limit({"ratelimit-remaining": text, "ratelimit-reset": text}),
        (("", "1", ""), ("1", "_1", ""), ("", " ", "1")),
    ),
    "a list of bots": (
        partial(is_bot, extra=["*a*a*b", "*ab*ab*c"]),
        (_LETTERS, ("", "ab", ""), ("a", "-", "b")),
    ),
    "an error page": (
        _error_page,
        (("", "<h1>", ""), ("", "<title", ""), ("<title>", "</title", ""), ("", "<", ""), _LETTERS),
    ),
    "an error's JSON": (
        _error_page,
        (("", "[", ""), ('{"message": "', "<", '"}'), ('{"message": ["a', '","a', '"]}')),
    ),
    "a redirect": (
        _redirect,
        (("/api/v4/", "../", ""), ("/api/v4/projects/", "%", ""), ("", "/api/v4/", ""), _LETTERS),
    ),
}
"""What reads texts of strangers without a pattern of its own, or with several."""
