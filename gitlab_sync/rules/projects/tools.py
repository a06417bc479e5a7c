"""The known tools of all ecosystems, by purpose and language."""

from __future__ import annotations

from gitlab_sync.rules.projects.ecosystems import (
    compiled,
    dotnet,
    functional,
    jvm,
    native,
    python,
    scripting,
    shell_scripts,
    web,
)
from gitlab_sync.rules.projects.ecosystems.any_language import ANY_LANGUAGE, OTHER_LANGUAGES
from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, Purpose, Tool

__all__ = [
    "BUILD_FILES",
    "ECOSYSTEMS",
    "TOOLS",
    "Ecosystem",
    "Purpose",
    "Tool",
    "command_for",
    "has_tools",
    "tools_for",
]

ECOSYSTEMS = (
    python.PYTHON,
    web.WEB,
    compiled.GO,
    compiled.RUST,
    jvm.JVM,
    native.NATIVE,
    dotnet.DOTNET,
    scripting.PHP,
    scripting.RUBY,
    shell_scripts.SHELL,
    functional.ELIXIR,
    compiled.DART,
    compiled.SWIFT,
    jvm.SCALA,
    jvm.CLOJURE,
    functional.HASKELL,
    functional.ERLANG,
    functional.OCAML,
    functional.ELM,
    functional.GLEAM,
    scripting.PERL,
    scripting.LUA,
    scripting.R,
    scripting.JULIA,
    scripting.POWERSHELL,
    scripting.TCL,
    native.FORTRAN,
    compiled.ADA,
    compiled.ZIG,
    compiled.D,
    compiled.NIM,
    compiled.CRYSTAL,
    shell_scripts.TERRAFORM,
    shell_scripts.NIX,
    OTHER_LANGUAGES,
)
"""The ecosystems of languages, the most common ones first."""

TOOLS = tuple(tool for each in (*ECOSYSTEMS, ANY_LANGUAGE) for tool in each.all_tools())
"""All tools; a tool with two purposes or in two ecosystems is there twice."""

BUILD_FILES = frozenset(
    name
    for each in ECOSYSTEMS
    if each not in (python.PYTHON, web.WEB)
    for name in each.manifests.split()
)
"""The manifests in which the name of a plugin or package sets up a tool. In those of Python and
JavaScript it is only a package to install."""

_OF_LANGUAGE = {
    language.lower(): (language, each) for each in ECOSYSTEMS for language in each.languages
}


def tools_for(purpose: Purpose, languages: tuple[str, ...] = ()) -> tuple[Tool, ...]:
    """Return the tools for a purpose and these languages (default: all)."""
    return tuple(
        tool
        for tool in TOOLS
        if tool.purpose == purpose
        and (not tool.languages or not languages or set(tool.languages) & set(languages))
    )


def has_tools(purpose: Purpose, language: str) -> bool:
    """Return whether a tool for a purpose is known that is made for this language."""
    return any(tool.purpose == purpose and language in tool.languages for tool in TOOLS)


def command_for(purpose: Purpose, language: str) -> str | None:
    """Return the command that a project in a language should run for a purpose, or None.

    The language can be in any case; for an unknown one, it is a target that the project defines.
    """
    name, ecosystem = _OF_LANGUAGE.get(language.lower(), ("", ANY_LANGUAGE))
    own = {**ecosystem.commands, **ecosystem.own_commands.get(name, {})}
    return own.get(purpose, ANY_LANGUAGE.commands.get(purpose))
