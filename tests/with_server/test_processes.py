"""Runs over several processes: the same rows, one limit, one pause, one end."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import psutil
import pytest
from cli_runs import environment, interrupted, of_sandbox, run, shared, stalled

from gitlab_sync import GitLabClient
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import ConfigurationError, GitLabSyncError, NotFound
from gitlab_sync.http.credentials import Credential, SentCredential
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.policy import CLASSIC, FAIR
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, demo_world
from gitlab_sync.sandbox.limiter import RateLimit
from gitlab_sync.services import people
from gitlab_sync.services.evaluation import evaluate_issues, evaluate_merge_requests
from gitlab_sync.services.people_report import PeopleQuery
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.session import Session
from gitlab_sync.snapshots.run_info import policy_hash
from gitlab_sync.store.store import open_store
from gitlab_sync.workers.partition import Elsewhere, Fixed, Partition
from gitlab_sync.workers.processes import ProcessWorkers
from gitlab_sync.workers.shares import SILENT, Ledger, State
from gitlab_sync.workers.spread import WorkerLost, spread

served, sandbox, world = shared(demo_world)

VARIABLE = "TOKEN_OF_THIS_TEST"
PEOPLE = "PEOPLE"
QUESTIONS: list[list[str]] = [
    ["mrs", PEOPLE],
    ["issues", PEOPLE, "nobody.of.that.name"],
    ["issues", PEOPLE, "--scope", "assignee"],
    ["users", PEOPLE],
    ["weekly", PEOPLE, "--since", "2026-06-01", "--until", "2026-06-14"],
    ["leaderboard", "--teams", "teams.json", "--individuals"],
    ["compliance", "--group", "atlas", "--details"],
]


@pytest.fixture(scope="module")
def workers(served: Sandbox) -> Iterator[ProcessWorkers]:
    """Two processes for all tests that do not harm them."""
    with pytest.MonkeyPatch.context() as patch, ProcessWorkers(2) as made:
        patch.setenv(VARIABLE, served.token())
        yield made


@pytest.fixture
def client(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], monkeypatch: pytest.MonkeyPatch
) -> GitLabClient:
    """Make a client with a token that other processes find in their environment, too."""
    monkeypatch.setenv(VARIABLE, sandbox.token())
    credential = Credential.from_environment(VARIABLE)
    return GitLabClient(sandbox.url, credential, bridge=make_bridge())


def _elsewhere(client: GitLabClient, channel: Any = None, at_once: int = 8) -> Elsewhere:
    return Elsewhere(
        client.session.base_url, client.session.credential, 10.0, None, 10.0, at_once,
        RetryPolicy(base=0.01, cap=0.05), None, 64, "auto", None, channel or Fixed(at_once, 1),
    )  # fmt: skip


# -- the same rows ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["fair", "classic"])
@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_rows_messages_and_exit_code_are_those_of_one_process(
    question: list[str], policy: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: Any
) -> None:
    """For each command that has the option."""
    monkeypatch.chdir(tmp_path)
    names = list(sandbox.world.truth.usernames)
    teams = [
        {
            "team_name": f"Team {at}",
            "project_name": "",
            "members": [{"username": each} for each in names[at::2]],
        }
        for at in range(2)
    ]
    Path("teams.json").write_text(json.dumps({"teams": teams}))
    environ = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_STORE="off")
    rules = [] if question[0] == "weekly" else ["--policy", policy]
    asked = [text for each in question for text in (names if each == PEOPLE else [each])]
    alone = run(environ, *asked, *rules, "--format", "json")
    divided = run(environ, *asked, *rules, "--format", "json", "--processes", "2")
    assert json.loads(alone.stdout)
    assert divided.stdout == alone.stdout
    assert (divided.returncode, divided.stderr) == (alone.returncode, alone.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_what_cannot_be_read_is_as_unknown_as_in_one_process(
    source: Any, client: GitLabClient, sandbox: Sandbox, workers: ProcessWorkers
) -> None:
    """With the same reasons, and the same line about completeness."""
    names = sandbox.world.truth.usernames
    for path in ("*/merge_requests/*/notes", "/projects/*/repository/commits", "/graphql"):
        if path != "/graphql" or source == "rest":
            sandbox.faults.add("status", status=403, path=path, times=None)
    query = PeopleQuery([Person(each) for each in (*names, "nobody.of.that.name")], policy=FAIR)
    alone = people.answer(client, query, Run(source=source))
    divided = people.answer(client, query, Run(source=source, executor=workers))
    assert divided == alone
    assert str(divided.completeness) == str(alone.completeness)
    assert {row["Status"] for row in divided} >= {"Not Found", "Partial"}
    assert divided.people.keys() == alone.people.keys()
    for name, person in alone.people.items():
        assert divided.people[name].unknown == person.unknown


@pytest.mark.slow
def test_rows_come_early_and_progress_reaches_the_end(
    client: GitLabClient, sandbox: Sandbox, workers: ProcessWorkers
) -> None:
    """Requests are counted where they are made, and shown here."""
    rows, seen = [], []
    tracker = ProgressTracker()
    options = Run(executor=workers, on_row=rows.append, on_progress=seen.append, tracker=tracker)
    report = evaluate_merge_requests(client, sandbox.world.truth.usernames, run=options)
    assert sorted(map(str, rows)) == sorted(map(str, report))
    assert len(seen) > 1
    assert (seen[-1].done, seen[-1].total) == (len(report), len(report))
    assert seen[-1].requests == sandbox.traffic.total
    assert client.session.bridge.stats().requests == 0


@pytest.mark.slow
def test_what_workers_read_is_in_the_store_of_the_run(
    client: GitLabClient, sandbox: Sandbox, workers: ProcessWorkers, tmp_path: Path
) -> None:
    """So the next run, of one process or of several, asks for lists alone."""
    names, asked, rows = sandbox.world.truth.usernames, [], []
    with open_store(client.session.base_url, client.session.credential, folder=tmp_path) as store:
        for executor in (workers, workers, None):
            sandbox.traffic.reset()
            options = Run(executor=executor, store=store, source="rest")
            rows.append(evaluate_merge_requests(client, names, run=options))
            found = sandbox.traffic.by_endpoint.items()
            asked.append(sum(number for path, number in found if path.endswith("/notes")))
    assert asked[0] > 0
    assert asked[1:] == [0, 0]
    assert rows[0] == rows[1] == rows[2]


@pytest.mark.parametrize("make", [ThreadPoolExecutor, ProcessPoolExecutor])
@pytest.mark.slow
def test_any_executor_does_the_work(
    make: Callable[..., Any], client: GitLabClient, sandbox: Sandbox
) -> None:
    """Those of the standard library, for example."""
    names = sandbox.world.truth.usernames
    context = {"mp_context": get_context("spawn")} if make is ProcessPoolExecutor else {}
    with make(2, **context) as executor:
        divided = evaluate_issues(client, names, run=Run(executor=executor), policy=FAIR)
    assert divided == evaluate_issues(client, names, policy=FAIR)


# -- faults ----------------------------------------------------------------------------------------


def _echo(word: str, session: Session, run: Run) -> str:
    del session, run
    return word


def _die(word: str, session: Session, run: Run) -> str:
    del word, session, run
    os._exit(3)


def _refuse(word: str, session: Session, run: Run) -> str:
    del session, run
    raise NotFound(word, status=404)


def _spread(
    client: GitLabClient, executor: Any, works: Sequence[Callable[..., str]]
) -> list[str | GitLabSyncError]:
    with client.session.context() as session:
        sized = [(1, work) for work in works]
        return list(spread(session, Run(executor=executor), sized, "words", lambda _, error: error))


@pytest.mark.slow
def test_a_part_that_kills_each_of_its_workers_is_unknown_and_no_other(
    client: GitLabClient,
) -> None:
    """Its place has an error that says so."""
    works = [partial(_echo, "a"), partial(_die, "b"), partial(_echo, "c"), partial(_echo, "d")]
    with ProcessWorkers(2) as executor:
        found = _spread(client, executor, works)
    assert [found[0], *found[2:]] == ["a", "c", "d"]
    assert isinstance(found[1], WorkerLost)
    assert "worker was lost" in str(found[1])


@pytest.mark.slow
def test_people_of_a_worker_that_is_lost_for_good_have_rows_that_say_so(
    client: GitLabClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the status Error, and all others their own."""
    names = sandbox.world.truth.usernames
    monkeypatch.setattr("gitlab_sync.services.evaluation._part", _die_for_the_first)
    with ProcessWorkers(2) as executor:
        report = evaluate_merge_requests(client, names, run=Run(executor=executor))
    lost = [row for row in report if row["Status"] == "Error"]
    assert names[0] in {str(row["Username"]) for row in lost}
    assert len(lost) < len(names)
    assert "the worker was lost" in str(lost[0]["Error"])
    assert not report.completeness.whole
    whole = {str(row["Username"]): row for row in evaluate_merge_requests(client, names)}
    assert all(row == whole[str(row["Username"])] for row in report if row not in lost)


def _die_for_the_first(of: Any, names: Sequence[str], *others: Any) -> Any:
    if names[0] == demo_world().truth.usernames[0]:
        os._exit(3)
    *given, session, run = others
    return of(session, names, given[0], run, *given[1:]).part()


@pytest.mark.slow
def test_a_killed_worker_costs_a_retry_and_no_row(client: GitLabClient, sandbox: Sandbox) -> None:
    """Its part is read again by a new process."""
    names = sandbox.world.truth.usernames
    whole = evaluate_merge_requests(client, names, run=Run(source="rest"))
    planted = sandbox.faults.add("stall", path="*/notes", times=1)
    killed: list[int] = []

    def kill() -> None:
        if sandbox.traffic.wait(lambda _: planted.hits):
            victims = [each.pid for each in active_children() if each.pid not in known]
            os.kill(victims[0], signal.SIGKILL)
            killed.append(victims[0])
            planted.remove()

    known = {each.pid for each in active_children()}
    with ProcessWorkers(1) as executor:
        killer = threading.Thread(target=kill)
        killer.start()
        report = evaluate_merge_requests(client, names, run=Run(executor=executor, source="rest"))
        killer.join()
    assert killed
    assert report == whole
    assert report.completeness.whole


def test_an_error_of_the_work_ends_the_run_as_in_one_process(
    client: GitLabClient, workers: ProcessWorkers
) -> None:
    """With its status and its words."""
    with pytest.raises(NotFound, match="no such group") as caught:
        _spread(client, workers, [partial(_echo, "a"), partial(_refuse, "no such group")])
    assert caught.value.status == 404


@pytest.mark.slow
def test_cancelling_reaches_all_workers_within_a_second(
    client: GitLabClient, sandbox: Sandbox, workers: ProcessWorkers
) -> None:
    """The rows say what was not read."""
    names, cancel = sandbox.world.truth.usernames, CancelToken()
    planted = sandbox.faults.add("stall", path="*/notes", times=None)
    began: list[float] = []

    def stop() -> None:
        sandbox.traffic.wait(lambda _: planted.hits)
        began.append(time.monotonic())
        cancel.cancel("run cancelled")

    stopper = threading.Thread(target=stop)
    stopper.start()
    report = evaluate_merge_requests(
        client, names, run=Run(executor=workers, cancel=cancel, source="rest")
    )
    stopper.join()
    assert time.monotonic() - began[0] < 10  # patience; the beat is a tenth of a second
    assert [row["Username"] for row in report] == sorted(names, key=str.lower)
    assert any("run cancelled" in str(row["Error"]) for row in report)


@pytest.mark.slow
def test_ctrl_c_ends_the_command_with_its_rows_and_code(sandbox: Sandbox, tmp_path: Path) -> None:
    """As it does without other processes, which are gone afterwards."""
    before = {each.pid for each in active_children()}
    environ = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_STORE="off")
    names = sandbox.world.truth.usernames
    arguments = ["mrs", *names, "--processes", "2", "--source", "rest", "-f", "json"]
    done = interrupted(environ, *arguments, when=stalled(sandbox, "*/notes"))
    assert done.returncode == 130
    assert len(json.loads(done.stdout)) == len(names)
    assert {each.pid for each in active_children()} <= before


@pytest.mark.slow
def test_processes_end_with_a_run_that_is_killed(sandbox: Sandbox, tmp_path: Path) -> None:
    """None goes on alone."""
    environ = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_STORE="off")
    planted = sandbox.faults.add("stall", path="*/notes", times=None)
    names = sandbox.world.truth.usernames
    command = [sys.executable, "-m", "gitlab_sync.cli.main", "mrs", *names, "--processes", "2"]
    command += ["--source", "rest"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as process:
        assert sandbox.traffic.wait(lambda _: planted.hits)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert len(children) >= 2
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


# -- what they share -------------------------------------------------------------------------------


@pytest.mark.slow
def test_all_workers_together_keep_to_the_requests_at_once_of_one_process(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their number."""
    monkeypatch.setenv(VARIABLE, sandbox.token())
    client = GitLabClient(sandbox.url, Credential.from_environment(VARIABLE), bridge=make_bridge(6))
    sandbox.latency = 0.02
    try:
        with ProcessWorkers(3) as executor:
            options = Run(executor=executor, source="rest")
            evaluate_merge_requests(client, sandbox.world.truth.usernames, run=options)
    finally:
        sandbox.latency = 0.0
    assert 3 <= sandbox.traffic.peak <= 6


@pytest.mark.slow
def test_three_workers_meet_at_most_three_refusals_a_window(
    make_bridge: Callable[..., Bridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its part of what the limit leaves, and one pause is a pause for all."""
    window, limit = 2.0, 100
    with Sandbox(demo_world(), rate_limits=[RateLimit(limit, window)]) as sandbox:
        monkeypatch.setenv(VARIABLE, sandbox.token())
        credential = Credential.from_environment(VARIABLE)
        client = GitLabClient(sandbox.url, credential, bridge=make_bridge(12))
        names = sandbox.world.truth.usernames
        with ProcessWorkers(3) as executor:
            options = Run(executor=executor, source="rest")
            report = evaluate_merge_requests(client, names, run=options)
        assert report.completeness.whole
        sent = sandbox.traffic.total
        assert sent > 2 * limit
        assert sandbox.traffic.by_status[429] <= 3 * (sent / limit + 1)


class _Clock:
    """A clock that goes on when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_one_worker_gives_up_another_gets_only_when_it_is_free(client: GitLabClient) -> None:
    """So the sum never exceeds the limit; a worker that falls silent has nothing any more."""
    clock = _Clock()
    with client.session.context() as session:
        sizes = dict.fromkeys(range(3), 1)
        ledger = Ledger(session, 8, 2, sizes, "people", ProgressTracker(), clock)
        assert ledger.exchange(State(0, "a")).at_once == 4
        for each in (1, 2):
            ledger.done(each)
        assert ledger.exchange(State(0, "a", held=4)).at_once == 8
        assert ledger.exchange(State(1, "b")).at_once == 0
        assert ledger.exchange(State(0, "a", held=8)).at_once == 4
        assert ledger.exchange(State(1, "b")).at_once == 0  # six are still under way there
        assert ledger.exchange(State(0, "a", held=4)).at_once == 4
        assert ledger.exchange(State(1, "b")).at_once == 4
        ledger.exchange(State(1, "b", held=4, ended=True))
        assert ledger.exchange(State(0, "a", held=4)).at_once == 8
        clock.now += SILENT + 1
        orders = ledger.exchange(State(2, "c", closed=3.0))
        assert orders.at_once == 8
        assert 2.0 < orders.pause <= 3.0


# -- tokens ----------------------------------------------------------------------------------------


def test_no_token_travels_unless_it_is_sent_on_purpose(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """What travels is the name of the variable that holds it."""
    token = sandbox.token().encode()
    task = Partition(0, partial(_echo, "a"), _elsewhere(client))
    assert token not in pickle.dumps(task)
    assert VARIABLE.encode() in pickle.dumps(task)
    with pickle.loads(pickle.dumps(task)).place.open(0) as (session, _):
        assert session.credential.token == sandbox.token()
    sent = SentCredential.of(client.session.credential)
    assert pickle.loads(pickle.dumps(sent)).token == sandbox.token()
    assert sandbox.token() not in repr(sent)


@pytest.mark.slow
def test_a_token_in_a_file_is_read_from_the_same_section_there(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Of python-gitlab's configuration."""
    path = tmp_path / "gitlab.cfg"
    path.write_text(f"[class]\nurl = {sandbox.url}\nprivate_token = {sandbox.token()}\n")
    environ = environment(tmp_path, PYTHON_GITLAB_CFG=str(path), GITLAB_SYNC_STORE="off")
    name = sandbox.world.truth.usernames[0]
    done = run(environ, "issues", name, "--gitlab-id", "class", "--processes", "1", "-f", "json")
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)[0]["Status"] == "Success"


def test_a_token_that_no_other_process_can_read_is_refused_with_what_to_do(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], workers: ProcessWorkers
) -> None:
    """Before anything is sent."""
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=make_bridge())
    with pytest.raises(ConfigurationError, match="cannot be sent") as caught:
        evaluate_issues(client, ["alice"], run=Run(executor=workers))
    assert "from_environment" in caught.value.hint
    assert sandbox.traffic.total == 0


@pytest.mark.parametrize("number", [0, 65])
def test_the_number_of_processes_is_bounded(number: int) -> None:
    """By an error that says by what."""
    with pytest.raises(ConfigurationError, match="must be from 1 to 64, got"):
        ProcessWorkers(number)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--processes", "2", "--cluster", "tcp://a:1"], "--processes excludes --cluster"),
        (["--cluster", "tcp://a:1", "--send-token"], "--send-token needs --cluster tls://"),
        (["--cluster", "a:1"], "must be an address tcp://… or tls://…, got a:1"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    arguments: list[str], said: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """With exit code 2."""
    done = run(of_sandbox(sandbox, tmp_path), "issues", "alice", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()


@pytest.mark.slow
def test_policies_pickle_with_their_rules() -> None:
    """Another process makes the functions again."""
    for policy in (CLASSIC, FAIR):
        again = pickle.loads(pickle.dumps(policy))
        assert policy_hash(again) == policy_hash(policy)
        assert again.merge_requests.shares == policy.merge_requests.shares
