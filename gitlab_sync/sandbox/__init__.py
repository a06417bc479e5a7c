"""A GitLab inside the process: for the demo, tests and benchmarks.

`generate_world`, `demo_world` and `load_world` make a `World`; `Sandbox` serves it over real HTTP;
`Fault` and `RateLimit` are what can be asked of it. It is separate: it imports nothing of the
client.

Everything here is thread-safe, and values never change after they are made, unless a class says
that it is for one thread.
"""

from __future__ import annotations

from gitlab_sync.sandbox.demo import demo_world
from gitlab_sync.sandbox.faults import Fault, Planted
from gitlab_sync.sandbox.generate import generate_world
from gitlab_sync.sandbox.limiter import RateLimit
from gitlab_sync.sandbox.load import load_world
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
    "demo_world",
    "generate_world",
    "load_world",
]
