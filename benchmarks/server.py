"""The sandbox in its own process, so that its CPU time counts for no client."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

ROOT = Path(__file__).parents[1]
_PATIENCE = 30.0  # seconds, for one answer and for the end
_SETTLE = 5.0  # seconds; the server notes the end of an answer a moment after the client has it


class MeasurementFailed(Exception):
    """A measurement could not be made; the text says why."""


class SandboxProcess:
    """A sandbox that lives as long as the `with` block. Not thread-safe.

    `wanted` are the fields of `world.Wanted`. `seconds` says how long its world took to make.
    MeasurementFailed if it does not start.
    """

    def __init__(self, **wanted: Any) -> None:
        self._wanted = wanted
        self._process: subprocess.Popen[str]
        self._opener: OpenerDirector = build_opener(ProxyHandler({}))
        self.url = ""
        self.token = ""
        self.seconds = 0.0
        self.authors: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.world"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            ready = self._tell(self._wanted)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.url, self.token, self.seconds = ready["url"], ready["token"], ready["seconds"]
        self.authors = tuple(ready["authors"])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _tell(self, words: dict[str, Any]) -> dict[str, Any]:
        """Send a line to the process and return the one that it answers with."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self._process.stdout.readline()
        if not line:
            raise MeasurementFailed(f"the sandbox has ended ({words})")
        found: dict[str, Any] = json.loads(line)
        return found

    def set_latency(self, milliseconds: float, node: float = 0.0) -> None:
        """Let each answer take so much longer, and `node` for each merge request of GraphQL's."""
        for what, each in (("latency", milliseconds), ("node-latency", node)):
            self._ask("PUT", f"/-/sandbox/{what}", json.dumps(each / 1000).encode())

    def change(self, each: int) -> int:
        """Write a note on one in `each` ended merge requests; return how many those are."""
        return int(self._tell({"change": each})["changed"])

    def peak_memory(self) -> int:
        """Return the most bytes of memory that it has held."""
        return int(self._tell({})["peak_memory"])

    def reset(self) -> None:
        """Count from here."""
        self._ask("DELETE", "/-/sandbox/traffic")

    def traffic(self) -> dict[str, Any]:
        """Return what was asked since `reset`, when all of it is answered."""
        deadline = time.monotonic() + _SETTLE
        while True:
            found: dict[str, Any] = json.loads(self._ask("GET", "/-/sandbox/traffic"))
            if not found["in_flight"] or time.monotonic() > deadline:
                return found
            time.sleep(0.01)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = Request(self.url + path, data=body, method=method)
        with self._opener.open(request, timeout=_PATIENCE) as response:
            found: bytes = response.read()
            return found
