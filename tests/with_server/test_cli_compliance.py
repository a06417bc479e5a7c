"""`compliance`: a table of many projects, a whole report on one, and what scripts need."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pyarrow.parquet
import pytest
from cli_runs import environment, of_sandbox, run
from project_examples import COMPLETE, repository, without
from shelf import Shelf
from test_rules_project_examples import EXAMPLES

from gitlab_sync import GitLabClient
from gitlab_sync.rules.projects.checks import CHECKS
from gitlab_sync.rules.projects.compliance import FAIR, evaluate
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.services.project_report import check_projects, columns


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


@pytest.mark.slow
def test_at_least_forty_repositories_are_judged_as_the_rules_judge_them(
    environ: dict[str, str], shelf: Shelf, sandbox: Sandbox
) -> None:
    """Through the whole command: results, reasons and places."""
    sandbox.faults.add("status", status=403, path="/projects/:id/ci/lint", times=None)
    examples = [one for one in EXAMPLES if not (one.facts.tree.missing and one.facts.tree.rows)]
    served = {shelf.serve(one.facts): one for one in examples}
    assert len(served) >= 40
    done = run(environ, "compliance", "--projects-file", "-", "--details", "-f", "json", "--quiet",
               given="\n".join(served).encode())  # fmt: skip
    assert done.returncode == 3
    rows = json.loads(done.stdout)
    assert {row["Project"] for row in rows} == set(served)
    for row in rows:
        one = served[row["Project"]]
        expected = evaluate(one.facts)
        assert row["Compliance Score"] == expected.score.percent, one.name
        assert [found["Id"] for found in row["Checks"]] == [check.id for check in CHECKS]
        for found in row["Checks"]:
            finding = expected.findings[found["Id"]]
            assert found["Result"] == finding.result, one.name
            assert found["Reason"] == finding.reason, one.name
            assert (found["Path"], found["Line"]) == (finding.path, finding.line)


def test_many_projects_are_a_table_with_the_worst_first(
    environ: dict[str, str], shelf: Shelf
) -> None:
    """In every format the same rows; JSON has exactly the columns as keys."""
    bare, good = shelf.put({"app.py": ""}), shelf.put(COMPLETE)
    done = run(environ, "compliance", good, "no/such", bare)
    assert done.returncode == 3
    header, _, *lines = done.stdout.decode().splitlines()
    assert all(title in header for title in columns())
    assert [line.split()[0] for line in lines] == [bare, good, "no/such"]
    rows = json.loads(run(environ, "compliance", good, "no/such", bare, "-f", "json").stdout)
    assert [row["Project"] for row in rows] == [bare, good, "no/such"]
    assert all(tuple(row) == columns() for row in rows)
    streamed = run(environ, "compliance", good, "no/such", bare, "-f", "ndjson").stdout
    assert sorted(map(str, map(json.loads, streamed.splitlines()))) == sorted(map(str, rows))
    table = run(environ, "compliance", good, "no/such", bare, "-f", "csv").stdout.decode()
    head, *cells = csv.reader(io.StringIO(table, newline=""))
    assert tuple(head) == columns()
    assert [row[0] for row in cells] == [bare, good, "no/such"]
    assert cells[2][1] == ""


def test_one_project_is_shown_with_every_check_and_what_to_do(
    environ: dict[str, str], shelf: Shelf
) -> None:
    """The score, each result with its reason and its place, and how to fix what is at fault."""
    path = shelf.put(without("CHANGELOG.md"))
    done = run(environ, "compliance", path)
    assert done.returncode == 0
    text = done.stdout.decode()
    assert "Score  96 %\n" in text
    assert "Stack  Python\n" in text
    assert "FAIL  CHANGELOG" in text
    assert "To do: Keep a CHANGELOG.md" in text
    link = f"https://gitlab.example/{path}/-/blob/main/.gitlab-ci.yml#L7"
    assert f".gitlab-ci.yml:7  {link}\n" in text
    assert all(check.title in text for check in CHECKS)
    assert "What would help most: CHANGELOG\n" in text
    assert b"1 of 1 project read" in done.stderr


def test_what_is_unknown_is_shown_with_the_score(
    environ: dict[str, str], shelf: Shelf, sandbox: Sandbox
) -> None:
    """A part that could not be read neither lowers nor raises it."""
    path = shelf.put(COMPLETE)
    sandbox.faults.add("status", status=404, path="/api/graphql", times=None)
    sandbox.faults.add("status", status=403, path="*/README.md", times=None)
    done = run(environ, "compliance", path, "--quiet")
    assert done.returncode == 3
    text = done.stdout.decode()
    assert "Score  100 %, 10 of 99 unknown\n" in text
    assert "?     README" in text
    assert b"0 of 1 project read, 1 denied" in done.stderr
    assert b"read_api" in done.stderr


def test_what_keeps_checks_from_being_known_is_told_once(
    environ: dict[str, str], shelf: Shelf
) -> None:
    """Each unknown check says what was looked for; the row names each cause once, too."""
    ci = "include: [{project: group/ci, file: [a.yml, b.yml, c.yml]}]\n"
    path = shelf.put({"app.py": "", ".gitlab-ci.yml": ci})
    text = run(environ, "compliance", path).stdout.decode()
    assert text.count("project group/ci: a.yml and 2 more not read") == 1
    assert "no linter found; as above" in text
    assert "no job for tests; " in text
    row = json.loads(run(environ, "compliance", path, "-f", "json").stdout)[0]
    assert row["Error"].count("a.yml") == 1


def test_a_table_of_one_is_made_for_a_group_and_for_what_cannot_be_read(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """There is no report on what is not known."""
    done = run(environ, "compliance", "no/such")
    assert done.returncode == 4
    assert done.stdout.decode().splitlines()[-1].startswith("no/such")
    assert b"error: no/such: 404" in done.stderr
    group = sandbox.world.tables.groups[-1]["full_path"]
    done = run(environ, "compliance", "--group", group)
    assert done.returncode == 0
    assert done.stdout.startswith(b"Project ")


def test_a_score_below_the_least_one_is_a_1(environ: dict[str, str], shelf: Shelf) -> None:
    """And only with the option; it goes before what could not be read."""
    bare, good = shelf.put({"app.py": ""}), shelf.put(COMPLETE)
    assert run(environ, "compliance", bare).returncode == 0
    assert run(environ, "compliance", bare, "--fail-under", "50").returncode == 1
    assert run(environ, "compliance", good, "--fail-under", "100").returncode == 0
    assert run(environ, "compliance", bare, good, "no/such", "--fail-under=50").returncode == 1
    assert run(environ, "compliance", good, "no/such", "--fail-under=50").returncode == 3
    assert run(environ, "compliance", "no/such", "--fail-under=50").returncode == 4


@pytest.mark.parametrize(
    ("least", "code", "said"),
    [
        ("60", 0, "at least 60 %, whatever is unknown: 1 project"),
        ("80", 3, "not known to reach 80 %: group/app-5001 (67.7 to 100 %)"),
    ],
)
def test_what_is_unknown_neither_passes_the_gate_nor_fails_it(
    least: str, code: int, said: str, environ: dict[str, str], shelf: Shelf
) -> None:
    """Only if it decides, the code is 3; standard error says which project and why."""
    ci = "include: {project: group/ci, file: all.yml}\n"
    path = shelf.put({**COMPLETE, ".gitlab-ci.yml": ci})
    done = run(environ, "compliance", path, "--fail-under", least, "-f", "json")
    assert done.returncode == code
    assert said in done.stderr.decode()
    assert json.loads(done.stdout)[0]["Status"] == "Partial"


def test_the_licence_is_the_policys(environ: dict[str, str], shelf: Shelf) -> None:
    """An old identifier of a GNU licence allows both of its forms."""
    path = shelf.put(COMPLETE)
    for given, title, cell in [
        (("MIT",), "MIT", "no"),
        (("MIT", "AGPL-3.0-or-later"), "AGPLv3 / MIT", "yes"),
        (("AGPL-3.0",), "AGPLv3", "yes"),
        ((), "AGPLv3", "yes"),
    ]:
        options = [word for name in given for word in ("--license", name)]
        row = json.loads(run(environ, "compliance", path, *options, "-f", "json").stdout)[0]
        assert row[title] == cell


# -- the fair policy -------------------------------------------------------------------------------


def fair(environ: dict[str, str]) -> dict[str, str]:
    """Return the environment of a run that leaves the policy to the command."""
    return {**environ, "GITLAB_SYNC_POLICY": ""}


def test_fair_shows_the_score_with_its_lower_bound_and_names_itself_in_every_format(
    environ: dict[str, str], shelf: Shelf, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Files have the classic columns first; for people, what all rows repeat is said once."""
    path = shelf.put({**COMPLETE, "LICENSE": "SPDX-License-Identifier: MIT\n"})
    sandbox.faults.add("status", status=404, path="/api/graphql", times=None)
    sandbox.faults.add("status", status=403, path="*/README.md", times=None)
    asked = ("compliance", path, "no/such", "--quiet")
    (row, _) = json.loads(run(fair(environ), *asked, "-f", "json").stdout)
    titles = ["OSI Approved" if title == "AGPLv3" else title for title in columns()]
    assert list(row) == [*titles, "Score (at least)", "Policy"]
    assert row["OSI Approved"] == "yes"
    assert (row["Compliance Score"], row["Score (at least)"]) == (100, 89.9)
    assert row["Policy"] == "fair"
    classic = json.loads(run(environ, *asked, "-f", "json").stdout)
    assert [list(each) for each in classic] == [list(columns())] * 2
    assert classic[0]["AGPLv3"] == "no"
    table = run(fair(environ), *asked).stdout.decode()
    assert table.splitlines()[0].endswith("Score (at least)")
    assert "89.9" in table
    assert table.endswith("\n\nPolicy: fair\n")
    one = run(fair(environ), "compliance", path, "--quiet").stdout.decode()
    assert "Score  100 %, 10 of 99 unknown; at least 89.9 %\n" in one
    assert one.endswith("\n\nPolicy: fair\n")
    head, *cells = csv.reader(io.StringIO(run(fair(environ), *asked, "-f", "csv").stdout.decode()))
    assert (head[-2:], [each[-2:] for each in cells]) == (
        ["Score (at least)", "Policy"], [["89.9", "fair"], ["", "fair"]],
    )  # fmt: skip
    for form in ("html", "xlsx", "parquet"):
        assert run(fair(environ), *asked, "-o", str(tmp_path / f"out.{form}")).returncode == 3
    page = (tmp_path / "out.html").read_text("utf-8")
    assert "allowed licences any that the OSI approves" in page
    assert "Score (at least)</th>" in page
    assert ">Policy</th>" not in page
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert [*book.worksheets[0].values][1][-2:] == (0.899, "fair")
    assert ("Policy", "fair") in [*book["About"].values]
    written = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert written.schema.metadata[b"gitlab_sync.policy"] == b"fair"
    assert written["Score (at least)"].to_pylist() == [89.9, None]


def test_a_licence_that_is_given_replaces_those_of_the_policy(
    environ: dict[str, str], shelf: Shelf, tmp_path: Path
) -> None:
    """The rest of the policy stays, and so does its name, be it that of a file."""
    path = shelf.put(COMPLETE)
    own = tmp_path / "ours.toml"
    own.write_text("time_tracking = true\n")
    for policy in ("fair", str(own)):
        asked = ("compliance", path, "--policy", policy, "--license", "MIT", "-f", "json")
        (row,) = json.loads(run(environ, *asked).stdout)
        assert row["MIT"] == "no"
        assert row["Policy"] == Path(policy).name
        assert "Score (at least)" in row


def test_a_language_without_tools_has_the_same_checks_over_rest_and_graphql(
    client: GitLabClient, shelf: Shelf
) -> None:
    """Under fair none of them fails for want of a tool; under classic two do."""
    path = shelf.put({"src/one.vhd": "", "src/two.vhd": ""})
    expected = evaluate(repository({"src/one.vhd": "", "src/two.vhd": ""}), FAIR)
    found = [
        check_projects(client, [path], policy=FAIR, run=Run(source=source)).checked[0].report
        for source in ("rest", "graphql")
    ]
    for report in found:
        assert report is not None
        assert report.score == expected.score
        for check in ("tests", "coverage_threshold", "linter", "ci_test"):
            assert report.findings[check].result == "not applicable"
    classic = evaluate(repository({"src/one.vhd": "", "src/two.vhd": ""}))
    failed = {check.id for check in classic.faults} - {check.id for check in expected.faults}
    assert failed == {"tests", "coverage_threshold"}


def test_projects_come_from_files_and_standard_input(
    environ: dict[str, str], shelf: Shelf, tmp_path: Path
) -> None:
    """With comments and blank lines, and a byte order mark; a URL may hold a `#`."""
    first, second, third = (shelf.put({"app.py": ""}) for _ in range(3))
    path = tmp_path / "projects.txt"
    path.write_text(f"\ufeff# ours\n{first}  # the first\n\n", encoding="utf-8")
    given = f"https://gitlab.example/{second}/-/blob/main/app.py#L1\r\n".encode("utf-16")
    done = run(environ, "compliance", third, "--projects-file", str(path), "--projects-file", "-",
               "-f", "json", given=given)  # fmt: skip
    assert {row["Project"] for row in json.loads(done.stdout)} == {first, second, third}


def test_details_hold_each_finding_with_its_weight(environ: dict[str, str], shelf: Shelf) -> None:
    """One line for each project as soon as it is known; one that cannot be read has none."""
    path = shelf.put(without("CHANGELOG.md"))
    done = run(environ, "compliance", path, "no/such", "--details", "-f", "ndjson")
    rows = {row["Project"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["no/such"]["Checks"] is None
    assert rows[path]["Ref"] == "main"
    assert rows[path]["URL"] == f"https://gitlab.example/{path}"
    found = {each["Id"]: each for each in rows[path]["Checks"]}
    assert found["changelog"]["Result"] == "fail"
    assert found["changelog"]["Weight"] == 4
    assert found["changelog"]["How to fix"]
    assert found["readme"]["How to fix"] is None
    assert sum(each["Share"] * each["Weight"] for each in found.values()) == 95


def test_what_a_group_leaves_out_is_said(environ: dict[str, str], sandbox: Sandbox) -> None:
    """Silence would look like all of it."""
    first = sandbox.world.tables.projects[0]
    group = first["namespace"]["full_path"]
    sandbox.world.put("projects", {**first, "id": 9001, "archived": True,
                                   "path_with_namespace": f"{group}/old"})  # fmt: skip
    done = run(environ, "compliance", "--group", group, "-f", "json")
    assert done.returncode == 0
    assert b"left out of the group: 1 archived" in done.stderr


@pytest.mark.parametrize("form", ["xlsx", "parquet", "html"])
def test_a_file_takes_the_table_in_the_format_of_its_name(
    form: str, environ: dict[str, str], shelf: Shelf, tmp_path: Path
) -> None:
    """Whole, and with a link to each project where the format has links."""
    path = tmp_path / f"out.{form}"
    first, second = shelf.put(COMPLETE), shelf.put({"app.py": ""})
    done = run(environ, "compliance", first, second, "-o", str(path))
    assert (done.returncode, done.stdout) == (0, b"")
    assert path.stat().st_size > 100
    if form == "html":
        text = path.read_text(encoding="utf-8")
        assert f'href="https://gitlab.example/{first}"' in text
        assert "2 named projects" in text


@pytest.mark.parametrize("form", ["html", "xlsx"])
def test_a_document_about_one_project_holds_the_whole_report(
    form: str, environ: dict[str, str], shelf: Shelf, tmp_path: Path
) -> None:
    """Every check with its evidence and advice, below the row; other formats have the row."""
    project, path = shelf.put(without("CHANGELOG.md")), tmp_path / f"report.{form}"
    assert run(environ, "compliance", project, "-o", str(path)).returncode == 0
    if form == "html":
        text = path.read_text(encoding="utf-8")
        assert all(check.title in text for check in CHECKS)
        assert "Keep a CHANGELOG.md" in text
        assert f"https://gitlab.example/{project}/-/blob/main/.gitlab-ci.yml#L7" in text
    else:
        sheets = openpyxl.load_workbook(path).worksheets
        assert [len(list(sheet.values)) for sheet in sheets[:2]] == [2, len(CHECKS) + 1]
    row = json.loads(run(environ, "compliance", project, "-f", "json").stdout)
    assert tuple(row[0]) == columns()


def test_the_report_on_one_project_goes_into_a_file_as_well(
    environ: dict[str, str], shelf: Shelf, tmp_path: Path
) -> None:
    """Byte for byte what standard output would have got."""
    project, path = shelf.put(COMPLETE), tmp_path / "report.txt"
    printed = run(environ, "compliance", project).stdout
    assert run(environ, "compliance", project, "-o", str(path)).stdout == b""
    assert path.read_bytes() == printed


def test_paths_that_would_move_the_cursor_are_shown_as_question_marks(
    environ: dict[str, str], shelf: Shelf
) -> None:
    """People who push a file must not be able to write on a terminal."""
    path = shelf.put({"app.py": "", "tests/test_\x1b[2J.py": ""})
    done = run(environ, "compliance", path)
    assert b"\x1b" not in done.stdout
    assert b"tests/test_?[2J.py" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "PROJECT"),
        (
            ("1", "--license", "BLA"),
            "must be an SPDX identifier such as MIT or AGPL-3.0, got 'BLA'.",
        ),
        (("1", "--license", "Apache2"), "Did you mean Apache-2.0?"),
        (("1", "--license", "AGPLv3"), "Did you mean AGPL-3.0 or "),
        (("--group", " "), "--group"),
        (("1", "--details"), "json"),
        (("1", "--fail-under", "101"), "101"),
        (("1", "--license", "GNU AGPL"), "SPDX"),
        (("--projects-file", "no/such"), "no/such"),
        (("glpat-0123456789abcdefghij",), "GITLAB_TOKEN"),
    ],
)
def test_wrong_usage_is_a_2(
    arguments: tuple[str, ...], word: str, environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Before anything is asked."""
    done = run(environ, "compliance", *arguments)
    assert done.returncode == 2
    assert word in done.stderr.decode()
    assert "glpat" not in done.stderr.decode()
    assert sandbox.traffic.total == 0


@pytest.mark.parametrize(
    "arguments",
    [("",), (" / ",), ("101", ""), ("101", "https://gitlab.example/"), ("--projects-file", "-")],
)
@pytest.mark.parametrize("gate", [(), ("--fail-under", "60")])
def test_an_empty_list_of_projects_is_wrong_usage(
    arguments: tuple[str, ...], gate: tuple[str, ...], environ: dict[str, str], sandbox: Sandbox
) -> None:
    """A variable that is not set must not pass a gate."""
    done = run(environ, "compliance", *arguments, *gate, given=b"# none\n\n")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"project" in done.stderr.lower()
    assert sandbox.traffic.total == 0


def test_a_group_without_projects_passes_no_gate(environ: dict[str, str], sandbox: Sandbox) -> None:
    """Without the gate, it has no rows and a word about it."""
    group = {**sandbox.world.tables.groups[-1], "id": 9002, "full_path": "empty", "path": "empty"}
    sandbox.world.put("groups", group)
    asked = ("compliance", "--group", "empty", "-f", "json")
    done = run(environ, *asked)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert b"warning: no project" in done.stderr
    done = run(environ, *asked, "--fail-under", "0")
    assert (done.returncode, json.loads(done.stdout)) == (2, [])
    assert b"--fail-under needs" in done.stderr


def test_the_demo_needs_no_name(tmp_path: Path) -> None:
    """All its projects have a row."""
    done = run(environment(tmp_path), "compliance", "--demo", "-f", "json")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 5


def test_a_wrong_token_is_a_4(environ: dict[str, str]) -> None:
    """With rows that say so, and a hint."""
    done = run({**environ, "GITLAB_TOKEN": "wrong"}, "compliance", "101", "102", "-f", "json")
    assert done.returncode == 4
    assert {row["Status"] for row in json.loads(done.stdout)} == {"Error"}
    assert b"2 projects: 401" in done.stderr
    assert b"Check that the token is right" in done.stderr
