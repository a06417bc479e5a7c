"""A smoke test on each version of Python that we support: `nox`, or `nox -s smoke-3.14`.

Without a name, nox runs those that are on this machine, but for the one that `make test` uses.
"""

from __future__ import annotations

import sys

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_HERE = f"{sys.version_info.major}.{sys.version_info.minor}"

nox.options.sessions = [f"smoke-{version}" for version in PYTHONS if version != _HERE]
nox.options.error_on_missing_interpreters = False


@nox.session(python=PYTHONS)
def smoke(session: nox.Session) -> None:
    """Install the package without extras, run its tests that need no server, and the demo."""
    session.install(
        "--constraint", "requirements.txt", ".", "pytest", "pytest-timeout", "hypothesis"
    )
    session.run(
        *("pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-profile", "quick"),
        *("-m", "not slow and not large", "tests/unit", "--ignore", "tests/unit/reports"),
        env={"PYTHONPATH": "."},
    )
    session.run("gitlab-sync", "mrs", "--demo", silent=True)
