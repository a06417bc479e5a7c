"""The sandbox as a process of its own, so that its CPU is nobody else's."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from benchmarks.work import list_query

ROOT = Path(__file__).parents[1]
_PATIENCE = 30.0  # seconds, for one answer and for the end
_SETTLE = 5.0  # seconds; the server notes the end of an answer a moment after the client has it


class MeasurementFailed(Exception):
    """A measurement could not be made; the text says why."""


class SandboxProcess:
    """A sandbox that lives as long as the `with` block. Not thread-safe.

    `arguments` go to `python -m gitlab_sync.sandbox`. MeasurementFailed if it does not start.
    """

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[str]
        self._opener: OpenerDirector = build_opener(ProxyHandler({}))
        self.url = ""
        self.token = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "gitlab_sync.sandbox", "--port", "0", "--parent-pipe"]
        self._process = subprocess.Popen(
            [*command, *self._arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.__exit__(None, None, None)
            raise MeasurementFailed(f"the sandbox did not start: {' '.join(self._arguments)}")
        ready = json.loads(line)
        self.url, self.token = ready["url"], ready["token"]
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

    def set_latency(self, milliseconds: float) -> None:
        """Let each answer take that much longer."""
        self._ask("PUT", "/-/sandbox/latency", json.dumps(milliseconds / 1000).encode())

    def reset(self) -> None:
        """Count from here."""
        self._ask("DELETE", "/-/sandbox/traffic")

    def traffic(self) -> dict[str, Any]:
        """Return what was asked since `reset`, when all of it is answered."""
        deadline = time.monotonic() + _SETTLE
        while True:
            found: dict[str, Any] = json.loads(self._ask("GET", "/-/sandbox/traffic")[0])
            if not found["in_flight"] or time.monotonic() > deadline:
                return found
            time.sleep(0.01)

    def authors(self) -> list[str]:
        """Return the usernames of all people who wrote a merge request, as the server has them."""
        names: list[str] = []
        page = "1"
        while page:
            body, headers = self._ask("GET", f"/api/v4/users?per_page=100&page={page}")
            names += [user["username"] for user in json.loads(body)]
            page = headers.get("x-next-page", "")
        return [name for name in names if self._has_written(name)]

    def _has_written(self, username: str) -> bool:
        query = urlencode({**list_query(username), "per_page": 1})
        body, _ = self._ask("GET", f"/api/v4/merge_requests?{query}")
        return bool(json.loads(body))

    def _ask(
        self, method: str, path: str, body: bytes | None = None
    ) -> tuple[bytes, dict[str, str]]:
        headers = {"PRIVATE-TOKEN": self.token}
        request = Request(self.url + path, data=body, headers=headers, method=method)
        with self._opener.open(request, timeout=_PATIENCE) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            return response.read(), found
