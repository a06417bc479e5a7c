"""Runs over a real dask scheduler and its worker processes, over tcp and over tls."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_runs import of_sandbox, run, shared
from clusters import cluster_of, free_port
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gitlab_sync import GitLabClient
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.rules.policy import CLASSIC, FAIR
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, demo_world
from gitlab_sync.services.evaluation import evaluate_merge_requests
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.workers.cluster import ClusterWorkers

pytestmark = pytest.mark.slow
served, sandbox, world = shared(demo_world)

VARIABLE = "TOKEN_OF_THIS_TEST"
_PATIENCE = 60.0  # seconds, only so that a broken test ends


@pytest.fixture(scope="module")
def cluster(served: Sandbox) -> Iterator[str]:
    """Run a cluster of two workers that find the token in their environment."""
    with cluster_of({**os.environ, VARIABLE: served.token()}) as (address, _):
        yield address


@pytest.fixture
def client(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], monkeypatch: pytest.MonkeyPatch
) -> GitLabClient:
    """Make a client with a token that the workers find in their environment, too."""
    monkeypatch.setenv(VARIABLE, sandbox.token())
    credential = Credential.from_environment(VARIABLE)
    return GitLabClient(sandbox.url, credential, bridge=make_bridge())


@pytest.mark.parametrize("policy", [CLASSIC, FAIR], ids=["classic", "fair"])
def test_the_rows_are_those_of_one_process(
    policy: Any, client: GitLabClient, sandbox: Sandbox, cluster: str
) -> None:
    """In the same order and as complete; all requests are those of the workers."""
    names = sandbox.world.truth.usernames
    alone = evaluate_merge_requests(client, names, policy=policy)
    sent = client.session.bridge.stats().requests
    with ClusterWorkers(cluster) as executor:
        rows: list[Any] = []
        options = Run(executor=executor, on_row=rows.append)
        divided = evaluate_merge_requests(client, names, policy=policy, run=options)
    assert divided == alone
    assert len(rows) == len(alone)
    assert str(divided.completeness) == str(alone.completeness)
    assert client.session.bridge.stats().requests == sent


@pytest.mark.parametrize(
    "question",
    [
        ["issues", "PEOPLE"],
        ["users", "PEOPLE"],
        ["weekly", "PEOPLE", "--since", "2026-06-01", "--until", "2026-06-14"],
        ["compliance", "--group", "atlas"],
    ],
    ids=" ".join,
)
def test_each_command_says_the_same(
    question: list[str], sandbox: Sandbox, cluster: str, tmp_path: Path
) -> None:
    """On standard output and on standard error."""
    environ = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_STORE="off", **{VARIABLE: sandbox.token()})
    names = sandbox.world.truth.usernames
    asked = [text for each in question for text in (names if each == "PEOPLE" else [each])]
    asked += ["--token-env", VARIABLE, "-f", "json"]
    alone, divided = (run(environ, *asked, *more) for more in ([], ["--cluster", cluster]))
    assert divided.stdout == alone.stdout
    assert (divided.returncode, divided.stderr) == (alone.returncode, alone.stderr)


def test_cancelling_reaches_the_workers(
    client: GitLabClient, sandbox: Sandbox, cluster: str
) -> None:
    """The rows say what was not read."""
    cancel = CancelToken()
    planted = sandbox.faults.add("stall", path="*/notes", times=None)

    def stop() -> None:
        sandbox.traffic.wait(lambda _: planted.hits)
        cancel.cancel("run cancelled")

    stopper = threading.Thread(target=stop)
    stopper.start()
    names = sandbox.world.truth.usernames
    began = time.monotonic()
    with ClusterWorkers(cluster) as executor:
        options = Run(executor=executor, cancel=cancel, source="rest")
        report = evaluate_merge_requests(client, names, run=options)
    stopper.join()
    assert len(report) == len(names)
    assert any("run cancelled" in str(row["Error"]) for row in report)
    assert time.monotonic() - began < _PATIENCE


def test_a_killed_worker_costs_a_retry_and_no_row(client: GitLabClient, sandbox: Sandbox) -> None:
    """Its part is read again by another one."""
    names = sandbox.world.truth.usernames
    alone = evaluate_merge_requests(client, names, run=Run(source="rest"))
    with cluster_of({**os.environ, VARIABLE: sandbox.token()}, 3) as (address, workers):
        planted = sandbox.faults.add("stall", path="*/notes", times=None)

        def kill() -> None:
            sandbox.traffic.wait(lambda _: planted.hits)
            workers[0].send_signal(signal.SIGKILL)
            workers[0].wait()
            planted.remove()

        killer = threading.Thread(target=kill)
        killer.start()
        with ClusterWorkers(address) as executor:
            options = Run(executor=executor, source="rest")
            report = evaluate_merge_requests(client, names, run=options)
        killer.join()
    assert report == alone
    assert report.completeness.whole


def test_over_tls_the_token_can_be_sent_and_is_in_no_key(sandbox: Sandbox, tmp_path: Path) -> None:
    """The workers of this cluster have none of their own."""
    tls = _certificate(tmp_path)
    with cluster_of({**os.environ, **tls}, 1, "tls") as (address, _):
        environ = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_STORE="off", **tls)
        names = sandbox.world.truth.usernames
        command = [sys.executable, "-m", "gitlab_sync.cli.main", "issues", *names, "-f", "csv"]
        command += ["--cluster", address]
        done = subprocess.run(
            [*command, "--send-token"], env=environ, capture_output=True, timeout=_PATIENCE
        )
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout == run(environ, "issues", *names, "-f", "csv").stdout
        without = subprocess.run(command, env=environ, capture_output=True, timeout=_PATIENCE)
        assert without.returncode == 2
        assert b"GITLAB_TOKEN holds no token" in without.stderr


def test_an_address_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to check."""
    monkeypatch.setattr("gitlab_sync.workers.cluster._PATIENCE", 0.5)
    with pytest.raises(ConfigurationError, match="does not answer") as caught:
        ClusterWorkers(f"tcp://127.0.0.1:{free_port()}")
    assert "scheduler" in caught.value.hint


def test_workers_with_another_version_or_none_are_told_at_once(
    sandbox: Sandbox, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is read."""
    monkeypatch.setattr("gitlab_sync.workers.cluster.__version__", "99.0")
    with pytest.raises(ConfigurationError, match=r"must have gitlab-sync 99\.0, but .* has 0"):
        ClusterWorkers(cluster)
    assert sandbox.traffic.total == 0
    with cluster_of({**os.environ, "PYTHONPATH": _without_package(tmp_path)}, 1) as (address, _):
        monkeypatch.undo()
        with pytest.raises(ConfigurationError, match="lacks it"):
            ClusterWorkers(address)


def test_a_cluster_without_workers_is_told(sandbox: Sandbox) -> None:
    """Rather than waiting for one without end."""
    with (
        cluster_of(dict(os.environ), 0) as (address, _),
        pytest.raises(ConfigurationError, match="has no workers"),
    ):
        ClusterWorkers(address)


def _without_package(folder: Path) -> str:
    """Return a folder with a package of our name that cannot be imported."""
    (folder / "gitlab_sync").mkdir()
    (folder / "gitlab_sync" / "__init__.py").write_text("raise ImportError('not here')\n")
    return str(folder)


def _certificate(folder: Path) -> dict[str, str]:
    """Make a key with a certificate for this machine; return dask's settings with them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "ca.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    settings = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(certificate)}
    for part in ("SCHEDULER", "WORKER", "CLIENT"):
        settings[f"DASK_DISTRIBUTED__COMM__TLS__{part}__CERT"] = str(certificate)
        settings[f"DASK_DISTRIBUTED__COMM__TLS__{part}__KEY"] = str(private)
    return settings
