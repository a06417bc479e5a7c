"""A GitLab inside the process: for the demo, tests and benchmarks.

`Sandbox` serves a `World` over real HTTP; `Fault` and `RateLimit` are what can be asked of it.
It stands apart: it imports nothing of the client.
"""

from __future__ import annotations

from gitlab_sync.sandbox.faults import Fault, Planted
from gitlab_sync.sandbox.limiter import RateLimit
from gitlab_sync.sandbox.server import Sandbox
from gitlab_sync.sandbox.tokens import ADMIN_TOKEN, Token
from gitlab_sync.sandbox.traffic import Exchange, Traffic
from gitlab_sync.sandbox.world import World

__all__ = [
    "ADMIN_TOKEN",
    "Exchange",
    "Fault",
    "Planted",
    "RateLimit",
    "Sandbox",
    "Token",
    "Traffic",
    "World",
]
