"""The words before a command as data: prefixes that do not change it, and programs that run it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prefix:
    """A word before a command.

    Its own options follow it, those in `values` with a value, then so many `arguments`.
    """

    arguments: int = 0
    values: frozenset[str] = frozenset()


def _prefixes(names: str, values: str = "", arguments: int = 0) -> dict[str, Prefix]:
    return dict.fromkeys(names.split(), Prefix(arguments, frozenset(values.split())))


PREFIXES: Mapping[str, Prefix] = {
    **_prefixes("if then else elif do while until ! { time"),
    **_prefixes("exec command builtin nohup eval unbuffer eatmydata fakeroot catchsegv chronic"),
    **_prefixes("ccache dbus-run-session dbus-launch wine corepack fvm bear cross-env linux32"),
    **_prefixes("env", "-u --unset -C --chdir"),
    **_prefixes("env-cmd", "-f --file -e --environments"),
    **_prefixes("sudo doas", "-u --user -g --group -h --host -p --prompt -C -D --chdir -R -T -U"),
    **_prefixes("nice", "-n --adjustment"),
    **_prefixes("ionice", "-c --class -n --classdata"),
    **_prefixes("stdbuf", "-i -o -e --input --output --error"),
    **_prefixes("timeout gtimeout", "-k --kill-after -s --signal", 1),
    **_prefixes("flock", "-w --timeout -E", 1),
    **_prefixes("chroot gosu su-exec", "", 1),
    **_prefixes("runuser", "-u --user -g --group"),
    **_prefixes("strace ltrace", "-o -e -s -p"),
    **_prefixes("xargs", "-n --max-args -P --max-procs -I -L -d --delimiter -s -a -E"),
    **_prefixes("xvfb-run", "-n --server-num -s --server-args -e --error-file -f -p -w --wait"),
}
"""Words before a command that do not change it."""

_RUNNERS = """
uv run; uvx; uv tool run; poetry run; pipenv run; pdm run; rye run; hatch run; pixi run; pipx run
npx; pnpx; bunx; bun x; npm exec; npm x; pnpm exec; pnpm dlx; yarn dlx; yarn exec; yarn run
bundle exec; rbenv exec; pyenv exec; asdf exec; mise exec; mise x; direnv exec; opam exec
stack exec; cabal exec; composer exec; symfony php; symfony run; ddev exec; melos exec; lerna exec
conda run; mamba run; micromamba run; go tool; go run; deno run; dotnet tool run; dotenv; dotenv run
docker run; docker exec; docker-compose run; docker-compose exec; docker compose run
docker compose exec; podman run; podman exec; buildah run; toolbox run; flatpak run; flatpak-builder
systemd-run
nix run; nix develop; nix shell; nix-shell; guix shell; devbox run; devenv shell; vagrant ssh
su; script; find; parallel; doppler run; op run; infisical run
coverage run; nyc; c8; kcov; valgrind; scan-build; java
"""
_KNOWN_RUNNERS = (tuple(each.split()) for line in _RUNNERS.split("\n") for each in line.split(";"))


def _by_program(runners: Iterable[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for runner in sorted(filter(None, runners), key=len, reverse=True):
        found.setdefault(runner[0], []).append(runner)
    return found


RUNNERS: Mapping[str, list[tuple[str, ...]]] = _by_program(_KNOWN_RUNNERS)
"""Words that run the program after them, by their first word; options in between are skipped."""

COMMAND_OPTIONS = frozenset({"-c", "--command", "--run", "-exec", "-execdir"})
"""Options of runners with the command behind them."""

WITH_OPTION = frozenset({"nix", "nix-shell", "su", "script", "find", "guix", "vagrant"})
"""The runners that have such options."""

WORDS_BETWEEN = 4
"""The most words between a runner and its program: values of options, an image, a service."""
