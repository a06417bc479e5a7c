"""A snapshot in a bucket: the same as in a folder, over a real server that speaks S3."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cli_runs import of_sandbox, run, shared

from gitlab_sync.sandbox import Sandbox

served, sandbox, world = shared()

KEYS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-bucket",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Bucket:
    """A bucket, by the URL that pyarrow knows it by and as S3's own client sees it."""

    def __init__(self, place: str) -> None:
        import boto3  # type: ignore[import-untyped]

        self.url = f"s3://course/snapshots?scheme=http&region=us-east-1&endpoint_override={place}"
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=f"http://{place}",
            region_name="us-east-1",
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )
        self.client.create_bucket(Bucket="course")

    def names(self) -> list[str]:
        """Return the names of all files."""
        found = self.client.list_objects_v2(Bucket="course").get("Contents", ())
        return [each["Key"] for each in found if not each["Key"].endswith("/")]

    def delete(self, name: str) -> None:
        """Delete one file."""
        self.client.delete_object(Bucket="course", Key=name)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """Start a server with an empty bucket."""
    from moto.server import ThreadedMotoServer  # slow to load, as boto3 is

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    place = "{}:{}".format(*server.get_host_and_port())
    requests.post(f"http://{place}/moto-api/reset", timeout=10)  # all of a process share buckets
    try:
        yield Bucket(place)
    finally:
        server.stop()


@pytest.mark.slow
def test_a_bucket_has_whole_runs_or_none(bucket: Bucket, sandbox: Sandbox, tmp_path: Path) -> None:
    """Rows come from it without a request; what is missing, or gone, is told."""
    environ = of_sandbox(sandbox, tmp_path, **KEYS)
    people = sandbox.world.truth.usernames
    live = run(environ, "mrs", *people, "-f", "json")
    done = run(environ, "snapshot", *people, "--into", bucket.url)
    assert done.returncode == 0, done.stderr.decode()
    name = done.stdout.decode().strip()
    assert name.startswith(f"{bucket.url}@")
    sandbox.traffic.reset()
    for place in (bucket.url, name):
        kept = run(environ, "mrs", "-f", "json", "--from", place)
        assert json.loads(kept.stdout) == json.loads(live.stdout)
    assert sandbox.traffic.total == 0

    names = bucket.names()
    (checks,) = (each for each in names if each.endswith("/checks.parquet"))
    (run_json,) = (each for each in names if each.endswith("/run.json"))
    bucket.delete(checks)
    kept = run(environ, "mrs", "--from", bucket.url)
    assert (kept.returncode, kept.stdout) == (2, b"")
    assert b"checks.parquet is missing" in kept.stderr
    bucket.delete(run_json)  # as a run that was killed leaves it
    assert b"There is no snapshot in s3://course" in _refused(environ, "--from", bucket.url)
    gone = bucket.url.replace("course", "gone")
    refused = run(environ, "snapshot", *people, "--into", gone)
    assert refused.returncode == 2
    assert b"cannot be" in refused.stderr
    assert b"secret-of-the-bucket" not in refused.stderr


def _refused(environ: dict[str, str], *arguments: str) -> bytes:
    done = run(environ, "issues", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    return done.stderr


@pytest.mark.slow
def test_older_runs_of_a_bucket_are_removed(
    bucket: Bucket, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Whole: no file of them stays."""
    environ = of_sandbox(sandbox, tmp_path, **KEYS)
    take = ["snapshot", *sandbox.world.truth.usernames, "--into", bucket.url]
    names = []
    for keep in ([], [], ["--keep", "2"]):
        done = run(environ, *take, *keep)
        assert done.returncode == 0, done.stderr.decode()
        names.append(done.stdout.decode().strip().rpartition("@")[2])
    assert {name.split("/")[1] for name in bucket.names()} == {*names[1:]}
    assert f"1 older run removed: {names[0]}".encode() in done.stderr


@pytest.mark.slow
def test_a_person_is_removed_from_a_bucket(
    bucket: Bucket, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The files that the run had before are gone."""
    environ = of_sandbox(sandbox, tmp_path, **KEYS)
    person, *others = sandbox.world.truth.usernames
    assert run(environ, "snapshot", person, *others, "--into", bucket.url).returncode == 0
    before = {*bucket.names()}
    done = run(environ, "forget", person, "--into", bucket.url, "--yes")
    assert done.returncode == 0, done.stderr.decode()
    after = {*bucket.names()}
    assert len(after) == len(before)
    assert any(name.endswith("/people.parquet") for name in before - after)
    done = run(environ, "mrs", "-f", "json", "--from", bucket.url)
    assert [row["Username"] for row in json.loads(done.stdout)] == sorted(others, key=str.lower)
    done = run(environ, "export", person, "--from", bucket.url)
    assert json.loads(done.stdout) == {}


@pytest.mark.slow
def test_a_bucket_that_is_gone_is_told(bucket: Bucket, sandbox: Sandbox, tmp_path: Path) -> None:
    """By each command, without the key; nothing is shown of it."""
    environ = of_sandbox(sandbox, tmp_path, **KEYS)
    gone = bucket.url.replace("course", "gone")
    for asked in (
        ["diff", gone],
        ["sql", "FROM people", "--from", gone],
        ["forget", "someone", "--into", gone, "--yes"],
        ["export", "someone", "--from", gone],
        ["mrs", "--from", gone, "--as-of", "2026-01-01"],
        [
            "diff",
            "s3://course/snapshots?scheme=http&region=us-east-1&endpoint_override=127.0.0.1:9",
        ],
    ):
        done = run(environ, *asked)
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"There is no snapshot in s3://" in done.stderr or b"cannot be read" in done.stderr
        assert b"secret-of-the-bucket" not in done.stderr
