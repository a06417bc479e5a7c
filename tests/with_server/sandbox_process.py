"""A sandbox over a folder of data in a process of its own: what it holds is not held here."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Server:
    """The address of such a sandbox, and its administrator's token."""

    url: str
    token: str

    def control(self, method: str, what: str, value: Any = None) -> Any:
        """Ask its own routes."""
        data = None if value is None else json.dumps(value).encode()
        asked = urllib.request.Request(f"{self.url}/-/sandbox/{what}", data, method=method)
        with urllib.request.urlopen(asked) as answer:
            return json.loads(answer.read() or b"null")

    def traffic(self) -> Any:
        """Return what was asked since `forget`."""
        return self.control("GET", "traffic")

    def forget(self) -> None:
        """Forget what was asked until now."""
        self.control("DELETE", "traffic")


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve the data of a folder; the process ends when its standard input is closed."""
    command = [sys.executable, "-m", "gitlab_sync.sandbox", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(
        [*command, "--parent-pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        yield Server(ready["url"], ready["token"])
        process.stdin.close()
        assert process.wait(20) == 0
