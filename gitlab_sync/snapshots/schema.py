"""The tables of a snapshot: each column with its type, its unit, and what null means.

`docs/reference/snapshots.md` has the same, which a test holds. A later version reads what an
earlier one wrote: a column that is new is null there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

VERSION = 1
"""The version of the schema. A snapshot with a higher one is refused."""

Type: TypeAlias = Literal[
    "text", "integer", "number", "truth", "time", "day",
    "texts", "integers", "groups", "reviews", "errors",
]  # fmt: skip
"""What the cells of a column are; `STRUCTS` has the fields of those that are lists of objects."""

STRUCTS: dict[Type, dict[str, Type]] = {
    "groups": {
        "id": "integer", "full_path": "text", "name": "text", "visibility": "text",
        "web_url": "text",
    },
    "reviews": {"reviewer": "text", "author": "text", "seconds": "integer"},
    "errors": {
        "kind": "text", "message": "text", "status": "integer", "method": "text", "url": "text",
    },
}  # fmt: skip


Names: TypeAlias = Literal["", "person", "sentence", "author", "own", "credit"]
"""Which people a cell can name who are perhaps not visible, although the row is.

A `person` is a username or a key, or a list of them, or of what they did. A `sentence` begins with
a username, and JSON can have an `author`. What a commit's author wrote is their `own`, and its
`credit` says that it is a person's.
"""

Owner: TypeAlias = Literal["person", "item", "verdict", "merge request", "project"]
"""How a row belongs to people.

It is one `person`'s, or it is a `verdict` on an item, a measure of a `merge request`, or about a
`project`: an item is everyone's who wrote it or has it assigned, a project everyone's with work in
it.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the type of its cells, what it says, its unit, and what null means.

    An empty `null` says that there is none. `names` says which people its cells can name.
    """

    name: str
    type: Type
    about: str
    unit: str = ""
    null: str = ""
    names: Names = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One file of a snapshot: its name, what a row is, and its columns, in order.

    `owner` says how a row belongs to people, and `by` is SQL for the part of the row that names
    them. Without an owner no row belongs to anyone: only those who see everyone see it.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    owner: Owner | None = None
    by: str = ""

    def schema(self) -> pa.Schema:
        """Return the schema of the file."""
        import pyarrow as pa

        return pa.schema([(each.name, _arrow(each.type)) for each in self.columns])


def _arrow(kind: Type) -> Any:
    import pyarrow as pa

    if kind in STRUCTS:
        return pa.list_(pa.struct([(key, _arrow(each)) for key, each in STRUCTS[kind].items()]))
    types: dict[Type, Any] = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "truth": pa.bool_(),
        "time": pa.timestamp("ms", tz="UTC"),
        "day": pa.date32(),
        "texts": pa.list_(pa.string()),
        "integers": pa.list_(pa.int64()),
    }
    return types[kind]


_UNSAID = "GitLab's record does not say, or not readably: see `rest`"
_REST = Column(
    "rest", "text",
    "JSON object: what the columns before cannot hold as GitLab sent it; under `-` the keys that "
    "the record lacks",
    null="the columns say everything",
)  # fmt: skip


def _errors(name: str, what: str) -> Column:
    return Column(name, "errors", f"Why {what} can be missing", null="nothing is missing")


def _item(noun: str, *further: Column) -> tuple[Column, ...]:
    return (
        Column("row", "integer", f"The number of the {noun} in this snapshot: `checks.row`"),
        Column("id", "integer", "GitLab's id", null=_UNSAID),
        Column("iid", "integer", "The number in the project", null=_UNSAID),
        Column("project_id", "integer", "The id of the project", null=_UNSAID),
        Column("project", "text", "The full path of the project", null="it could not be read"),
        Column("title", "text", "The title", null=_UNSAID),
        Column("state", "text", "`opened`, `closed`, `merged` or `locked`", null=_UNSAID),
        Column("author", "text", "The author's username", null=_UNSAID, names="person"),
        Column(
            "authored_by", "text",
            "The person of `people` that has it in the list of written items",
            null="it is in none of these lists",
            names="person",
        ),
        Column(
            "assigned_to", "texts", "The people that have it in the list of assigned items",
            names="person",
        ),
        Column("created_at", "time", "When it was created", null=_UNSAID),
        Column("updated_at", "time", "When it was last changed", null=_UNSAID),
        *further,
        Column("closed_at", "time", "When it was closed", null="it was not, or see `rest`"),
        Column("labels", "texts", "The names of the labels", null=_UNSAID),
        Column("milestone", "text", "The title of the milestone", null="none, or see `rest`"),
        Column("time_spent", "integer", "The time booked on it", "seconds", _UNSAID),
        Column("web_url", "text", "Its address", null=_UNSAID),
        Column("reference", "text", "Its full reference, as `group/app!7`", null=_UNSAID),
        replace(_REST, names="author"),
        _errors("errors", "verdicts"),
    )  # fmt: skip


PEOPLE = Table(
    "people",
    "A person who was asked for; sorted by `key`.",
    (
        Column("key", "text", "The username in lower case"),
        Column("asked", "text", "The username as it was given"),
        Column("found", "truth", "Whether there is such a person", null="it could not be read"),
        Column("id", "integer", "GitLab's id", null="there is no such person"),
        Column("username", "text", "The username as GitLab spells it", null="no such person"),
        Column("name", "text", "The name", null=_UNSAID),
        Column("state", "text", "`active`, `blocked`, …", null=_UNSAID),
        Column("avatar_url", "text", "The address of the picture", null="there is none"),
        Column("web_url", "text", "The address of the profile", null=_UNSAID),
        _REST,
        Column("college", "text", "The college of the list of people", null="it says none"),
        Column("personal_projects", "integers", "Ids of the person's own projects",
               null="they could not be read"),
        Column("contributed_projects", "integers", "Ids of the other projects of the person",
               null="they could not be read"),
        Column("groups", "groups", "The groups of the person", null="they could not be read"),
        Column("groups_whole", "truth", "Whether these are all groups",
               null="they could not be read"),
        Column("readme_text", "text", "The text of the README of the profile",
               null="there is none, or it could not be read"),
        Column("readme_path", "text", "Its path in the project", null="there is none"),
        Column("readme_link", "text", "Its address", null="there is none, or it is not known"),
        Column("readme_public", "truth", "Whether GitLab shows it", null="there is none"),
        Column("merge_requests_read", "truth", "Whether merge requests could be read"),
        Column("issues_read", "truth", "Whether issues could be read"),
        Column("time_logs_read", "truth", "Whether time logs could be read"),
        _errors("errors", "the person"),
        _errors("projects_errors", "projects"),
        _errors("groups_errors", "groups"),
        _errors("readme_errors", "the README of the profile"),
        _errors("merge_requests_errors", "merge requests"),
        _errors("issues_errors", "issues"),
        _errors("time_logs_errors", "time logs"),
        _errors("time_errors", "time of items without a log"),
    ),
    "person",
    "key",
)  # fmt: skip

_OPEN = tuple(
    replace(each, about=f"Of an open one: {each.about}")
    for each in (
        Column("age", "number", "since its creation", "working days",
               "it is not open, or not known"),
        Column("idle", "number", "since anything last moved it", "working days",
               "not open, or not known"),
        Column("waiting_for", "text", "what it waits for", null="it is not open, or not known"),
        Column("waiting_on", "texts", "who can act", null="it is not open, or not known",
               names="person"),
        Column("waiting_since", "time", "since when it waits",
               null="not open, or no event tells"),
        Column("waiting_why", "text", "why it waits, or why that is not known",
               null="it is not open"),
        Column("would_fail", "text", "the checks that it would fail if it were merged then",
               null="none"),
        Column("open_whole", "truth", "whether everything about it was read",
               null="it is not open"),
    )
)  # fmt: skip

MERGE_REQUESTS = Table(
    "merge_requests",
    "A merge request that one of the people wrote or that is assigned to them, each once; sorted "
    "by `authored_by`, the newest first.",
    _item(
        "merge request",
        Column("merged_at", "time", "When it was merged", null="it was not, or see `rest`"),
    )
    + _OPEN,
    "item",
    "merge_requests",
)

ISSUES = Table(
    "issues",
    "An issue that one of the people wrote or that is assigned to them, each once; sorted by "
    "`authored_by`, the newest first.",
    _item("issue"),
    "item",
    "issues",
)

CHECKS = Table(
    "checks",
    "The verdict of one check on one merge request or issue, in the author's row; sorted as the "
    "items are.",
    (
        Column("kind", "text", "`merge request` or `issue`"),
        Column("row", "integer", "The item: `merge_requests.row` or `issues.row`"),
        Column("check", "text", "The id of the check, as `no_desc`"),
        Column("result", "text", "`pass`, `fail`, `waived`, `unknown` or `n/a`"),
        Column("reason", "text", "Why, in words; of a waived fault what the fault is",
               names="sentence"),
        Column("evidence", "text", "An address that shows it", null="there is none"),
        Column("pending", "truth",
               "Of an unknown: whether everything was read, and is not decided yet"),
        Column("fix", "text", "When a fault can be fixed: `now`, `follow-up` or `next time`",
               null="it is no fault"),
        Column("waived_by", "text", "Who decided that the fault does not count",
               null="it is not waived", names="person"),
    ),
    "verdict",
    "kind, row",
)  # fmt: skip

COMMITS = Table(
    "commits",
    "A commit in a project of the people, once for each project; sorted by project.",
    (
        Column("project_id", "integer", "The id of the project", null="it is in `project_key`"),
        Column("project_key", "text", "The id of the project as text"),
        Column("sha", "text", "The commit's id", null="GitLab's record has none",
               names="own"),
        Column("short_id", "text", "The short id", null=_UNSAID, names="own"),
        Column("credit", "text",
               "`person`, or why no person has it: `merge`, `bot`, `other` (a known person outside "
               "the run) or `unmatched`", names="credit"),
        Column("person", "text", "`people.key` of the author", null="none of the people",
               names="person"),
        Column("day", "day", "The day of writing, by the commit's own offset", null=_UNSAID),
        Column("slot", "text", "The part of the day: `Morning`, `Afternoon` or `Other`",
               null="the time is not readable"),
        Column("authored_date", "time", "When it was written", null=_UNSAID),
        Column("offset", "integer", "The author's offset from UTC", "minutes", "it is not known"),
        Column("title", "text", "The first line of the message", null=_UNSAID, names="own"),
        Column("author_name", "text", "The author's name", null=_UNSAID, names="own"),
        Column("author_email", "text", "The author's address, of unmatched ones",
               null="the commit is not unmatched", names="own"),
        Column("web_url", "text", "Its address", null=_UNSAID, names="own"),
        replace(_REST, names="own"),
    ),
    "project",
    "project_key",
)  # fmt: skip

TIME_LOGS = Table(
    "time_logs",
    "Time that a person logged; sorted by person.",
    (
        Column("person", "text", "`people.key`"),
        Column("id", "text", "GitLab's global id", null=_UNSAID),
        Column("spent_at", "time", "When the time was spent", null=_UNSAID),
        Column("time_spent", "integer", "The time; below 0 if it was removed", "seconds", _UNSAID),
        Column("summary", "text", "What was done", null="nothing was written"),
        Column("project_id", "integer", "The id of the project", null=_UNSAID),
        Column("project_path", "text", "The full path of the project", null=_UNSAID),
        Column("item", "text", "The address of the issue or merge request", null=_UNSAID),
        _REST,
    ),
    "person",
    "person",
)  # fmt: skip

PROJECTS = Table(
    "projects",
    "A project of the people or of the group.",
    (
        Column("key", "text", "The id as text: `commits.project_key`"),
        Column("id", "integer", "GitLab's id", null=_UNSAID),
        Column("name", "text", "The name", null=_UNSAID),
        Column("path_with_namespace", "text", "The full path", null=_UNSAID),
        Column("description", "text", "The description", null="there is none, or see `rest`"),
        Column("visibility", "text", "`public`, `internal` or `private`", null=_UNSAID),
        Column("archived", "truth", "Whether it is archived", null=_UNSAID),
        Column("fork_of", "integer", "The id of the project that it is a fork of",
               null="it is no fork, or see `rest`"),
        Column("created_at", "time", "When it was created", null=_UNSAID),
        Column("last_activity_at", "time", "When anything last happened in it", null=_UNSAID),
        Column("web_url", "text", "Its address", null=_UNSAID),
        _REST,
        Column("commits_read", "truth", "Whether its commits were asked for"),
        Column("commits_doubt", "text", "Why names could not decide about commits",
               null="they could, or did not have to"),
        _errors("commits_errors", "commits"),
    ),
    "project",
    "key",
)  # fmt: skip

_UNREAD = "the project could not be read"

PROJECT_CHECKS = Table(
    "project_checks",
    "The result of one check on one project of a group of the snapshot; a project that could not "
    "be read has one row.",
    (
        Column("group", "text", "The group as it was given"),
        Column("asked", "text", "What the project was asked for by"),
        Column("project", "text", "The full path of the project", null=_UNREAD),
        Column("project_id", "integer", "GitLab's id", null=_UNREAD),
        Column("web_url", "text", "The address of the project", null=_UNREAD),
        Column("ref", "text", "The branch, tag or commit", null=_UNREAD),
        Column("stack", "texts", "The languages", null=_UNREAD),
        Column("check", "text", "The id of the check", null=_UNREAD),
        Column("result", "text", "`pass`, `fail`, `waived`, `unknown` or `not applicable`",
               null=_UNREAD),
        Column("share", "number", "The part of the check's weight that passes", "0 to 1", _UNREAD),
        Column("reason", "text", "Why, in words", null=_UNREAD),
        Column("path", "text", "The file that shows it", null="there is none"),
        Column("line", "integer", "The line in that file", "from 1", "there is none"),
        Column("link", "text", "The address of that file", null="there is none"),
        Column("causes", "texts", "What keeps it from being known", null=_UNREAD),
        Column("waived_by", "text", "Who decided that the fault does not count",
               null="it is not waived", names="person"),
        _errors("errors", "results"),
    ),
    "project",
    "coalesce(CAST(project_id AS VARCHAR), lower(asked))",
)  # fmt: skip

REVIEWS = Table(
    "reviews",
    "How a merged merge request was reviewed; times are working time.",
    (
        Column("row", "integer", "The merge request: `merge_requests.row`"),
        Column("author", "text", "The author's username; empty if it is not known", names="person"),
        Column("project", "text", "The full path of the project"),
        Column("merged", "time", "When it was merged", null="it could not be read"),
        *(
            Column(name, "integer", about, unit, "it does not apply, or `unknown` names it")
            for name, about, unit in (
                ("first_response", "Until another person first responded", "seconds"),
                ("time_to_merge", "Until the merge", "seconds"),
                ("rounds", "Pushes after the first response", ""),
                ("merged_by_author", "Whether the author merged it", "1: yes"),
                ("without_review", "Whether it has no review", "1: yes"),
                ("quick_approval", "Whether a quick approval is all", "1: yes"),
                ("comments", "Notes by people", ""),
            )
        ),
        Column("unknown", "texts", "The names of the columns before that are not known"),
        Column(
            "reviews", "reviews", "Who reviewed it, and after which working time", names="person"
        ),
        Column("unread", "text", "Why something is not known", null="everything is known"),
        Column("waived", "truth", "Whether it has no review, and a waiver covers that"),
        _errors("errors", "something"),
    ),
    "merge request",
    "row",
)

MEMBERS = Table(
    "members",
    "A member of a group of the snapshot, in GitLab's order.",
    (
        Column("group", "text", "The group as it was given"),
        Column("group_id", "integer", "GitLab's id of the group", null=_UNSAID),
        Column("group_name", "text", "The name of the group", null=_UNSAID),
        Column("group_path", "text", "The full path of the group", null=_UNSAID),
        Column("direct", "truth", "Whether the person is a member of the group itself"),
        Column("id", "integer", "GitLab's id", null=_UNSAID),
        Column("username", "text", "The username", null=_UNSAID),
        Column("name", "text", "The name", null=_UNSAID),
        Column("email", "text", "The address", null="the token cannot see it"),
        Column("avatar_url", "text", "The address of the picture", null="there is none"),
        Column("web_url", "text", "The address of the profile", null=_UNSAID),
    ),
    "person",
    "username",
)

TABLES = (
    PEOPLE, MERGE_REQUESTS, ISSUES, CHECKS, COMMITS, TIME_LOGS, PROJECTS, PROJECT_CHECKS, REVIEWS,
    MEMBERS,
)  # fmt: skip
"""All tables of a snapshot, each in a file of its name with the suffix `.parquet`."""
