"""`check` and `baseline`: a pipeline fails on what is new, and the number of faults only falls."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checked_world import AUTHOR, OPEN, PATH, PROJECT, empty_world, put_issue, put_merge_request
from cli_runs import Done, interrupted, of_sandbox, run, run_process, stalled

from gitlab_sync.rules.items.own_note import MARKER
from gitlab_sync.sandbox import Sandbox, World

BASELINE = "gitlab-sync-baseline.json"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a project without faults."""
    with Sandbox(empty_world()) as running:
        yield running


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    """Return what the sandbox serves."""
    return sandbox.world


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def checked(sandbox: Sandbox, *arguments: str, **variables: str) -> Done:
    """Run `check` under the fair policy."""
    return command(sandbox, "check", *arguments, **variables)


def command(sandbox: Sandbox, *arguments: str, **variables: str) -> Done:
    """Run a command under the fair policy."""
    known = {"GITLAB_SYNC_POLICY": "fair", **variables}
    return run(of_sandbox(sandbox, Path.cwd(), **known), *arguments)


def of_one(iid: int = 7) -> tuple[str, ...]:
    """Return the arguments for one merge request."""
    return ("--project", PATH, "--merge-request", str(iid))


def rows(done: Done) -> dict[str, str]:
    """Return the state of each check that was shown as JSON, by its id."""
    return {row["Id"]: row["State"] for row in json.loads(done.stdout)}


# -- the ratchet -----------------------------------------------------------------------------------


def test_one_new_fault_among_forty_known_ones_fails_and_those_that_are_gone_leave_the_file(
    sandbox: Sandbox, world: World
) -> None:
    """The whole way: written, compared, reported, tightened."""
    for number in range(2, 12):
        put_merge_request(world, number, description="", tested=False)
        put_issue(world, number, description=None, labels=[])
    work = (AUTHOR, "--project", PATH)
    for number in range(2, 12):  # the commits name no issue, and the description is empty
        world.tables.mr_commits.put(
            (PROJECT, number), [{"message": "fix: it, see #1", "parent_ids": ["1"]}]
        )
    done = command(sandbox, "baseline", *work, "--write")
    assert done.returncode == 0, done.stderr
    assert b"has 40 known faults now" in done.stderr
    assert checked(sandbox, *work).returncode == 0

    put_merge_request(world, 2, tested=False)
    put_issue(world, 3, description=None)
    put_merge_request(world, 12, tested=False)
    files = {"junit": "j.xml", "codequality": "c.json", "sarif": "s.json", "markdown": "m.md"}
    reports = [part for kind, file in files.items() for part in ("--report", f"{kind}={file}")]
    done = checked(sandbox, *work, "--tighten", *reports)
    assert done.returncode == 1
    assert b"error: 1 new fault\n" in done.stderr
    assert b"1 new fault, 38 known, 2 gone" in done.stdout
    assert Path("j.xml").read_text(encoding="utf-8").count("<failure ") == 1
    (entry,) = json.loads(Path("c.json").read_bytes())
    before = [fault["fingerprint"] for fault in json.loads(Path(BASELINE).read_bytes())["faults"]]
    assert entry["fingerprint"] not in before
    assert entry["location"] == {"path": "src/app.py", "lines": {"begin": 1}}
    states = [
        result["baselineState"]
        for result in json.loads(Path("s.json").read_bytes())["runs"][0]["results"]
    ]
    assert (states.count("new"), states.count("absent")) == (1, 2)
    assert "1 new fault" in Path("m.md").read_text(encoding="utf-8")
    assert len(before) == 38

    again = checked(sandbox, *work, "--tighten")
    assert b"1 new fault, 38 known" in again.stdout
    assert b"gone" not in again.stdout


def test_a_baseline_keeps_what_a_run_does_not_look_at(sandbox: Sandbox, world: World) -> None:
    """One file of a repository holds what several jobs find."""
    put_merge_request(world, 7, description="", **OPEN)
    put_merge_request(world, 8, tested=False, **OPEN)
    for iid in (7, 8):
        assert command(sandbox, "baseline", *of_one(iid), "--write").returncode == 0
    places = [fault["place"] for fault in json.loads(Path(BASELINE).read_bytes())["faults"]]
    assert places == [f"{PATH}!7", f"{PATH}!7", f"{PATH}!8"]
    put_merge_request(world, 7, **OPEN)
    done = checked(sandbox, *of_one(8), "--tighten")
    assert done.returncode == 0
    assert b"gone" not in done.stdout
    assert checked(sandbox, *of_one(7), "--tighten").returncode == 0
    (fault,) = json.loads(Path(BASELINE).read_bytes())["faults"]
    assert fault["place"] == f"{PATH}!8"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"policy": "classic"}, "policy fair, got the policy classic"),
        ({"project": "acme/other"}, "project acme/figures, got the project acme/other"),
        ({"format": 9}, "format 1, got 9"),
    ],
)
def test_a_baseline_of_another_policy_project_or_version_is_refused(
    sandbox: Sandbox, content: dict[str, Any], told: str
) -> None:
    """With what to do; neither read nor written over."""
    given = {"format": 1, "policy": "fair", "project": PATH, "faults": [], **content}
    Path(BASELINE).write_text(json.dumps(given), encoding="utf-8")
    for done in (checked(sandbox, *of_one(1)), command(sandbox, "baseline", *of_one(1), "--write")):
        assert done.returncode == 2
        assert told in done.stderr.decode()
        assert b"hint: " in done.stderr
    assert json.loads(Path(BASELINE).read_bytes()) == given


# -- one merge request -----------------------------------------------------------------------------


def test_an_open_merge_request_is_not_asked_for_what_cannot_be_there_yet(
    sandbox: Sandbox, world: World
) -> None:
    """Its own pipeline does not count: a failed check would fail the next one, too."""
    key = put_merge_request(world, 7, reviewed=False, **OPEN)
    failed = {"id": 1, "status": "failed", "created_at": "2026-06-08T09:10:00.000Z"}
    world.tables.mr_pipelines.put(key, [failed])
    done = checked(sandbox, *of_one(), "--format", "json")
    assert done.returncode == 0
    later = dict.fromkeys(("no_internal_review", "merge_gt_1_week", "merge_gt_2_days"), "not yet")
    assert rows(done) == later
    done = checked(sandbox, *of_one(), "--final", "--format", "json")
    assert done.returncode == 1
    assert rows(done) == dict.fromkeys(later, "new")


def test_a_merge_request_of_a_pipeline_needs_no_option(sandbox: Sandbox, world: World) -> None:
    """GitLab's variables say which it is; in a pipeline of a fork, where it is."""
    put_merge_request(world, 7, description="", **OPEN)
    pipeline = {
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_PROJECT_ID": str(PROJECT),
        "CI_PROJECT_ID": "999",
        "CI_API_V4_URL": f"{sandbox.url}/api/v4",
        "GITLAB_URL": "",
    }
    done = checked(sandbox, **pipeline)
    assert done.returncode == 1
    assert f"merge request {PATH}!7" in done.stdout.decode()
    del pipeline["CI_MERGE_REQUEST_PROJECT_ID"]
    assert checked(sandbox, **pipeline, CI_PROJECT_PATH=PATH).returncode == 4
    assert checked(sandbox, **{**pipeline, "CI_PROJECT_ID": str(PROJECT)}).returncode == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--fail-on", "none"), 0),
        (("--fail-on", "any"), 1),
        (("--min-severity", "high"), 1),
    ],
)
def test_the_exit_code_follows_the_limits(
    sandbox: Sandbox, world: World, options: tuple[str, ...], code: int
) -> None:
    """A fault of a high severity and one of a medium one."""
    put_merge_request(world, 7, description="Closes #1", tested=False, **OPEN)
    assert checked(sandbox, *of_one(), *options).returncode == code
    command(sandbox, "baseline", *of_one(), "--write")
    known = {("--fail-on", "any"): 1}
    assert checked(sandbox, *of_one(), *options).returncode == known.get(options, 0)


def test_what_could_not_be_read_is_unknown_and_not_clean(sandbox: Sandbox, world: World) -> None:
    """Exit code 3; with a fault that is known all the same, 1; with nothing at all, 4."""
    put_merge_request(world, 7, **OPEN)
    sandbox.faults.add("status", path="/projects/*/merge_requests/7/diffs", status=403, times=None)
    done = checked(sandbox, *of_one(), "--format", "json")
    assert done.returncode == 3
    assert rows(done)["no_unit_tests"] == "unknown"
    assert b"0 of 1 merge request read, 1 denied" in done.stderr
    put_merge_request(world, 7, description="", **OPEN)
    assert checked(sandbox, *of_one()).returncode == 1
    assert checked(sandbox, *of_one(404)).returncode == 4
    assert checked(sandbox, "no-such-person").returncode == 4


def test_what_was_closed_without_a_merge_has_nothing_to_fail_on(
    sandbox: Sandbox, world: World
) -> None:
    """The fair policy evaluates only what was merged."""
    put_merge_request(world, 7, description="", state="closed", merged_at=None, closed_at="x")
    for more in ((), ("--comment",)):
        done = checked(sandbox, *of_one(), *more)
        assert done.returncode == 0
        assert b"closed without a merge" in done.stderr
    assert own_notes(world) == []


def test_one_merge_request_costs_at_most_six_requests_and_little_time(
    sandbox: Sandbox, world: World
) -> None:
    """With the start of the process; with a note there are six."""
    put_merge_request(world, 7, reviewed=False, **OPEN)
    environ = of_sandbox(sandbox, Path.cwd(), GITLAB_SYNC_POLICY="fair")
    for more, number in (((), 4), (("--comment",), 6), (("--comment",), 5)):
        sandbox.traffic.reset()
        assert run(environ, "check", *of_one(), *more).returncode == 0
        assert len(sandbox.traffic.exchanges) == number


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="it does not count the time of children")
def test_one_merge_request_takes_at_most_1200_ms_at_50_ms(sandbox: Sandbox, world: World) -> None:
    """What the process computes, its start included, and 50 ms for each request in turn.

    The time on a clock would be that of other work on the same cores.
    """
    import resource

    def computed() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    put_merge_request(world, 7, **OPEN)
    environ = of_sandbox(sandbox, Path.cwd(), GITLAB_SYNC_POLICY="fair")
    before = computed()
    assert run_process(environ, "check", *of_one()).returncode == 0
    assert computed() - before + 0.05 * len(sandbox.traffic.exchanges) < 1.2


def test_severities_are_those_of_the_policy_in_force(sandbox: Sandbox, world: World) -> None:
    """Of projects, too. A check that is off applies to nothing."""
    put_merge_request(world, 7, tested=False, **OPEN)
    usual = {"GITLAB_SYNC_POLICY": ""}
    severe = (*of_one(), "--min-severity", "medium")
    assert checked(sandbox, *severe, **usual).returncode == 1
    policy = Path("gitlab-sync.toml")
    policy.write_text('checks.no_unit_tests.severity = "low"\n', encoding="utf-8")
    assert checked(sandbox, *severe, **usual).returncode == 0
    assert checked(sandbox, *of_one(), "--report", "codequality=c.json", **usual).returncode == 1
    (entry,) = json.loads(Path("c.json").read_bytes())
    assert (entry["severity"], entry["location"]["path"]) == ("minor", "src/app.py")
    off = "".join(f'checks.{check}.severity = "off"\n' for check in ("no_unit_tests", "dead_code"))
    policy.write_text(off, encoding="utf-8")
    assert checked(sandbox, *of_one(), **usual).returncode == 0
    found = rows(checked(sandbox, "--project", PATH, "--format", "json", **usual))
    assert found == {"changelog_generator": "new"}


def test_a_waived_fault_is_none_until_the_waiver_has_ended(sandbox: Sandbox, world: World) -> None:
    """The policy of the repository is in force. A waived fault in the baseline is gone from it."""
    put_merge_request(world, 7, tested=False, **OPEN)
    usual = {"GITLAB_SYNC_POLICY": ""}
    policy = Path("gitlab-sync.toml")
    waiver = f"""
        [[waivers]]
        check = "no_unit_tests"
        item = "{PATH}!7"
        reason = "pair-programmed"
        by = "mentor1"
        until = YEAR-12-31
    """
    policy.write_text("", encoding="utf-8")
    assert command(sandbox, "baseline", *of_one(), "--write", **usual).returncode == 0
    policy.write_text(waiver.replace("YEAR", "2999"), encoding="utf-8")
    reports = ("--report", "sarif=s.json", "--report", "codequality=c.json")
    done = checked(sandbox, *of_one(), "--tighten", *reports, "--format", "json", **usual)
    assert done.returncode == 0
    assert rows(done)["no_unit_tests"] == "gone"
    states = [row["State"] for row in json.loads(done.stdout) if row["Id"] == "no_unit_tests"]
    assert states == ["waived", "gone"]
    assert json.loads(Path("c.json").read_bytes()) == []
    (run_of_tool,) = json.loads(Path("s.json").read_bytes())["runs"]
    (fault,) = run_of_tool["results"]
    assert "pair-programmed" in fault["suppressions"][0]["justification"]
    policy.write_text(waiver.replace("YEAR", "2001"), encoding="utf-8")
    done = checked(sandbox, *of_one(), **usual)
    assert done.returncode == 1
    assert b"ended on 2001-12-31" in done.stderr


# -- projects and people ---------------------------------------------------------------------------


def test_a_project_is_checked_at_the_commit_of_its_pipeline(sandbox: Sandbox, world: World) -> None:
    """Another project at its default branch. The file of a fault is the one that it is about."""
    tree = world.tables.tree[PROJECT]
    tree[:] = [entry for entry in tree if entry["path"] != "CODE_OF_CONDUCT.md"]
    world.changed()
    files = ("--report", "codequality=c.json")
    here = {"CI_PROJECT_PATH": PATH, "CI_COMMIT_SHA": "main"}
    done = checked(sandbox, "--project", PATH, *files, **here)
    assert done.returncode == 1
    assert f"project {PATH} at main".encode() in done.stdout
    entries = {each["check_name"]: each for each in json.loads(Path("c.json").read_bytes())}
    assert entries["code_of_conduct"]["location"]["path"] == "CODE_OF_CONDUCT.md"
    assert entries["dead_code"]["location"]["path"] == "README.md"
    other = checked(sandbox, "--project", PATH, CI_PROJECT_PATH="a/b", CI_COMMIT_SHA="main")
    assert b"at its default branch" in other.stdout
    assert command(sandbox, "baseline", "--project", PATH, "--write").returncode == 0
    assert checked(sandbox, "--project", PATH).returncode == 0


def test_people_without_a_readable_list_leave_the_check_incomplete(
    sandbox: Sandbox, world: World
) -> None:
    """The others are checked."""
    put_merge_request(world, 7)
    done = checked(sandbox, AUTHOR, "no-such-person", "--project", PATH)
    assert done.returncode == 3
    assert b"no-such-person: 404" in done.stderr


# -- the note --------------------------------------------------------------------------------------


def own_notes(world: World, iid: int = 7) -> list[str]:
    """Return the texts of our notes on a merge request."""
    bodies = [note["body"] for note in world.tables.mr_notes.get((PROJECT, iid))]
    return [body for body in bodies if body.startswith(MARKER)]


def test_a_note_is_posted_once_and_updated_afterwards(sandbox: Sandbox, world: World) -> None:
    """And only if it is asked for. It is nothing that a person said."""
    put_merge_request(world, 7, description="", reviewed=False, **OPEN)
    checked(sandbox, *of_one())
    assert own_notes(world) == []
    for told in (b"posted", b"unchanged", b"unchanged"):
        done = checked(sandbox, *of_one(), "--comment", "--final", "--format", "json")
        assert done.returncode == 1
        assert b"the note on the merge request is " + told in done.stderr
        assert rows(done)["no_internal_review"] == "new"
        assert rows(done)["no_issues"] == "new"
    (text,) = own_notes(world)
    notes = world.tables.mr_notes.get((PROJECT, 7))
    put_merge_request(world, 7, reviewed=False, **OPEN)
    world.tables.mr_notes.put((PROJECT, 7), notes)
    done = checked(sandbox, *of_one(), "--comment")
    assert b"is updated" in done.stderr
    (changed,) = own_notes(world)
    assert changed != text


def test_a_note_of_another_person_is_not_touched(sandbox: Sandbox, world: World) -> None:
    """A copy of ours is theirs."""
    key = put_merge_request(world, 7, **OPEN)
    (note,) = world.tables.mr_notes.get(key)
    world.tables.mr_notes.put(key, [{**note, "body": f"{MARKER}\nmine"}])
    checked(sandbox, *of_one(), "--comment")
    assert own_notes(world)[0] == f"{MARKER}\nmine"
    assert len(own_notes(world)) == 2


def test_a_note_that_is_refused_is_said_with_what_to_do(sandbox: Sandbox, world: World) -> None:
    """The result is shown all the same; a fault to fail on stays a 1."""
    put_merge_request(world, 7, **OPEN)
    reader = sandbox.token_for(AUTHOR)
    done = checked(sandbox, *of_one(), "--comment", GITLAB_TOKEN=reader)
    assert done.returncode == 2
    assert b"the note was not written" in done.stderr
    assert b"hint: A note needs a token with the scope api." in done.stderr
    assert b"0 new faults" in done.stdout
    put_merge_request(world, 7, description="", **OPEN)
    assert checked(sandbox, *of_one(), "--comment", GITLAB_TOKEN=reader).returncode == 1
    sandbox.faults.add("status", path="/projects/*/merge_requests/7/notes", status=403, times=None)
    done = checked(sandbox, *of_one(), "--comment")
    assert b"the note was not written: its notes were not read" in done.stderr


# -- tokens of jobs --------------------------------------------------------------------------------


def test_a_job_token_reads_little_and_the_rest_is_unknown(sandbox: Sandbox, world: World) -> None:
    """GitLab ignores it on all routes but a few: there a private project is not to be seen."""
    put_merge_request(world, 7, **OPEN)
    project = world.projects_by_id[PROJECT].data
    world.put("projects", {**project, "visibility": "private"})
    token = sandbox.token_for(AUTHOR, kind="job", project=PROJECT)
    job = {"GITLAB_TOKEN": "", "CI_JOB_TOKEN": token}
    done = checked(sandbox, *of_one(), "--format", "json", **job)
    assert done.returncode == 3
    unknown = {"no_unit_tests": "unknown", "no_semantic_commits": "unknown"}
    assert rows(done).items() >= unknown.items()
    assert {each.credential for each in sandbox.traffic.exchanges} == {"JOB-TOKEN"}
    done = checked(sandbox, "--project", PATH, **job)
    assert done.returncode == 4
    done = checked(sandbox, *of_one(), "--comment", **job)
    assert done.returncode == 2
    assert b"the note was not written" in done.stderr
    world.put("projects", project)
    assert checked(sandbox, *of_one(), **job).returncode == 0


# -- wrong usage -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Nothing to check"),
        (("--merge-request", "7"), "needs --project"),
        (("--merge-request", "0", "--project", PATH), "is not in the range"),
        (("ann", "--merge-request", "7"), "excludes people"),
        (("--project", " / "), "got a blank one"),
        (("--project", PATH, "--final"), "--final is about"),
        ((*of_one(), "--ref", "main"), "--ref is about"),
        (("--project", PATH, "--comment"), "--comment is about"),
        ((*of_one(), "--tighten"), "--tighten needs a baseline"),
        ((*of_one(), "--baseline", "no.json"), "cannot be read"),
        ((*of_one(), "--report", "junt=x"), "Did you mean junit?"),
        ((*of_one(), "--report", "junit"), "must be KIND=FILE"),
        ((*of_one(), "--report", "junit=x", "--report", "sarif=x"), "got x twice"),
        ((*of_one(), "--report", "junit=no/x"), "no/x cannot be written"),
        ((*of_one(), "--report", "sarif=x", "--report", "junit=."), "cannot be written"),
    ],
)
def test_wrong_usage_is_a_2_before_any_request(
    sandbox: Sandbox, arguments: tuple[str, ...], told: str
) -> None:
    """So is a report that cannot be written."""
    done = checked(sandbox, *arguments)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.decode().split())
    assert not sandbox.traffic.exchanges
    assert list(Path.cwd().iterdir()) == []


def test_after_ctrl_c_nothing_is_tightened_written_or_posted(
    sandbox: Sandbox, world: World
) -> None:
    """What was read until then is shown."""
    put_merge_request(world, 7, description="")
    work = (AUTHOR, "--project", PATH)
    command(sandbox, "baseline", *work, "--write")
    put_merge_request(world, 7)
    before = Path(BASELINE).read_bytes()
    environ = of_sandbox(sandbox, Path.cwd(), GITLAB_SYNC_POLICY="fair")
    for arguments in (("check", *work, "--tighten"), ("baseline", *work, "--write")):
        sandbox.faults.clear()
        when = stalled(sandbox, "/projects/*/merge_requests/7/diffs")
        done = interrupted(environ, *arguments, "--source", "rest", when=when)
        assert done.returncode == 130
        assert Path(BASELINE).read_bytes() == before
