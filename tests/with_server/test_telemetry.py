"""Figures for the operator: what an SDK of OpenTelemetry collects from a running process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import pytest
from cli_runs import LIMIT, of_sandbox
from documents import text_of
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.semconv._incubating.attributes import url_attributes
from opentelemetry.semconv.attributes import error_attributes, http_attributes, server_attributes
from opentelemetry.semconv.metrics import http_metrics

from gitlab_sync import GitLabClient, telemetry
from gitlab_sync.errors import NotFound
from gitlab_sync.http import exchanges
from gitlab_sync.pages.state.jobs import JobRegistry, Owner
from gitlab_sync.reports.report import Report
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.telemetry import Telemetry

Points: TypeAlias = list[tuple[Mapping[str, Any], Any]]
Collect: TypeAlias = Callable[[], dict[str, Points]]


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    """Make a reader that keeps what it collects."""
    made = InMemoryMetricReader()
    yield made
    made.shutdown()


@pytest.fixture
def figures(reader: InMemoryMetricReader) -> Iterator[Telemetry]:
    """Make instruments of an SDK's provider; the process's own stay as they are."""
    made = Telemetry(MeterProvider([reader]))
    yield made
    made.end()


@pytest.fixture
def collect(reader: InMemoryMetricReader) -> Collect:
    """Collect all figures: by name, the attributes and the value of each point."""

    def collected() -> dict[str, Points]:
        found = reader.get_metrics_data()
        metrics = found.resource_metrics[0].scope_metrics[0].metrics if found else []
        return {
            metric.name: [
                (point.attributes, getattr(point, "value", None) or getattr(point, "count", 0))
                for point in metric.data.data_points
            ]
            for metric in metrics
        }

    return collected


def value(points: Points) -> Any:
    """Return the value of the only point."""
    ((_, found),) = points
    return found


def test_each_exchange_has_a_duration_with_the_attributes_of_the_conventions(
    figures: Telemetry, collect: Collect, client: GitLabClient, sandbox: Sandbox
) -> None:
    """Paths that differ in ids and names alone are one series; no attribute has a secret."""
    client.get("users/1")
    client.get("users/2", {"private_token": "glpat-0123456789abcdef"})
    with pytest.raises(NotFound):
        client.get("projects/alice.moreau%2Fno-such")
    found = collect()[http_metrics.HTTP_CLIENT_REQUEST_DURATION]
    host, port = "127.0.0.1", int(sandbox.url.rpartition(":")[2])
    usual = {
        http_attributes.HTTP_REQUEST_METHOD: "GET",
        server_attributes.SERVER_ADDRESS: host,
        server_attributes.SERVER_PORT: port,
        "url.scheme": "http",
    }
    status, template = http_attributes.HTTP_RESPONSE_STATUS_CODE, url_attributes.URL_TEMPLATE
    good = {**usual, template: "/api/v4/users/{id}", status: 200}
    bad = {**usual, template: "/api/v4/projects/{id}", status: 404}
    assert found == [(good, 2), ({**bad, error_attributes.ERROR_TYPE: "404"}, 1)]
    assert sandbox.token() not in str(found)


def test_an_exchange_without_an_answer_names_its_error(
    figures: Telemetry, collect: Collect, client: GitLabClient, sandbox: Sandbox
) -> None:
    """Each attempt counts."""
    sandbox.faults.add("reset", times=2)
    client.get("user")
    series = collect()[telemetry.DURATION]
    errors = {attributes.get("error.type"): number for attributes, number in series}
    assert errors == {"ConnectionFailed": 2, None: 1}


def test_retries_429s_and_what_was_not_read_again_are_counted(
    figures: Telemetry, collect: Collect, client: GitLabClient, sandbox: Sandbox, bridge: Bridge
) -> None:
    """And go on to be counted when their source has ended."""
    end = figures.watch(bridge.stats)
    sandbox.faults.add("limit", retry_after=0)
    sandbox.faults.add("status", status=503)
    for _ in range(2):
        client.get("user")  # the second time GitLab confirms it
    before = collect()
    assert value(before["gitlab.sync.client.retries"]) == 1
    assert value(before["gitlab.sync.client.rate_limited"]) == 1
    assert value(before["gitlab.sync.client.response.size"]) == bridge.stats().bytes
    hits = {attributes["gitlab.sync.cache.kind"]: n for attributes, n in before[HITS]}
    assert hits == {"confirmed": 1, "reused": 0, "joined": 0}
    assert value(before["gitlab.sync.worker.limit"]) == 8
    assert value(before["gitlab.sync.client.open_connections"]) == 1
    end()
    after = collect()
    assert value(after["gitlab.sync.client.retries"]) == 1
    assert value(after["gitlab.sync.worker.limit"]) == 0


HITS = "gitlab.sync.cache.hits"


def test_a_queue_is_shown_by_tenant_without_the_tenants_name(
    figures: Telemetry, collect: Collect, bridge: Bridge, block: Any
) -> None:
    """The name of a tenant can be the handle of a sign-in."""
    figures.watch(bridge.stats)
    blocked = block(bridge.executor)
    view = bridge.executor.for_tenant("a-handle", lambda: 0.0)
    waiting = [view.submit(int) for _ in range(3)]
    found = collect()
    ((attributes, number),) = found["gitlab.sync.queue.length"]
    assert number == 3
    assert value(found["gitlab.sync.worker.busy"]) == 8
    assert "handle" not in str(attributes)
    blocked.release()
    for future in waiting:
        future.result(10)


def test_jobs_are_counted_by_state(figures: Telemetry, collect: Collect, bridge: Bridge) -> None:
    """Those that wait for their turn, and those that run."""
    registry = JobRegistry()
    figures.watch(bridge.stats, registry.counts)
    go = threading.Event()

    def work(_run: Run) -> Report:
        go.wait(10)
        raise NotFound("the end")

    jobs = [registry.start(number, Owner("ann", "1"), work) for number in range(7)]
    states = {a["gitlab.sync.job.state"]: n for a, n in collect()["gitlab.sync.jobs"]}
    assert states == {"running": 5, "waiting": 2}  # five of each account
    go.set()
    assert all(job.wait(10) for job in jobs)
    registry.close()


def test_every_figure_is_documented_and_no_other(
    figures: Telemetry, collect: Collect, client: GitLabClient, bridge: Bridge
) -> None:
    """By its name, in the table for operators."""
    text = text_of("deployment")
    kind = r"(?:histogram|(?:up-down )?counter)"
    rows = re.findall(rf"^\| (`[a-z_.]+`(?:, `[a-z_.]+`)*) \| {kind}", text, re.MULTILINE)
    figures.watch(bridge.stats, JobRegistry().counts)
    client.get("user")
    # A queue is a figure only while it is not empty.
    measured = {*collect(), "gitlab.sync.queue.length"}
    assert {name for row in rows for name in re.findall(r"`(.+?)`", row)} == measured


def test_without_a_provider_nothing_is_observed(bridge: Bridge) -> None:
    """Not even with the package: the API's own provider does nothing."""
    import opentelemetry.metrics

    assert opentelemetry.metrics.get_meter_provider() is not None
    telemetry.watch(bridge.stats)()
    assert not exchanges.observed()


@pytest.mark.slow
def test_a_command_is_measured_if_its_process_has_a_provider(
    sandbox: Sandbox, tmp_path: Any
) -> None:
    """As `opentelemetry-instrument` gives it one; what it has done counts after its end, too."""
    code = """
import sys
from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
set_meter_provider(MeterProvider([reader]))
from gitlab_sync.cli.main import main
assert main(["whoami"]) == 0
(scope,) = reader.get_metrics_data().resource_metrics[0].scope_metrics
print(scope.scope.name, sorted(metric.name for metric in scope.metrics), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**of_sandbox(sandbox, tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    assert "gitlab_sync ['gitlab.sync.cache.hits'" in done.stderr
    assert "'http.client.request.duration'" in done.stderr


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v4/user", "/api/v4/user"),
        ("/api/v4/projects/7/merge_requests/3/notes?page=2", MR_NOTES := (
            "/api/v4/projects/{id}/merge_requests/{id}/notes")),
        ("/api/v4/projects/group%2Fapp/merge_requests/3/notes", MR_NOTES),
        ("/api/v4/projects/app/repository/files/src/raw", (
            "/api/v4/projects/{id}/repository/files/{id}/raw")),
        ("/api/v4/projects/7/repository/branches/main", (
            "/api/v4/projects/{id}/repository/branches/{id}")),
        ("/api/v4/personal_access_tokens/self", "/api/v4/personal_access_tokens/self"),
        ("/api/graphql", "/api/graphql"),
    ],
)  # fmt: skip
def test_a_route_has_no_ids_and_names(path: str, route: str) -> None:
    """So that there are as many series as kinds of requests."""
    assert exchanges.route_of(path) == route
