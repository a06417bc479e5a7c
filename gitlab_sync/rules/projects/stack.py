"""Finds the languages of a project from its list of files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, Names
from gitlab_sync.rules.projects.facts import file_name, own
from gitlab_sync.rules.projects.tools import ECOSYSTEMS, TOOLS

_ORDER = [name for each in ECOSYSTEMS for name in each.languages]

_ENDINGS = {
    ending: name
    for each in reversed(ECOSYSTEMS)
    for name, endings in each.languages.items()
    for ending in endings.split()
}

# The headers of C are those of its relatives, too; and Qt's translations end like TypeScript.
_HEADER = ".h"
_ENDINGS[_HEADER] = "C"

_SHELL_NAMES = frozenset({"apkbuild", "pkgbuild", ".bashrc", ".zshrc", ".profile", ".bash_profile"})

CHECKED_APART = ("Python", "TypeScript")
"""The languages with types that a tool checks, not the compiler that everyone runs."""

# A few scripts do not make a project one of their language.
_LEAST_SHARE = 0.2
_LEAST_SHARE_WITH_MANIFEST = 0.05
_LEAST_SHARE_SPOKEN = 0.05
_LEAST_SHARE_OF_FEW = 1 / 3
_FEW = 2

_DOCUMENTATION = frozenset({"doc", "docs", "documentation", "javadoc", "man"})

# Files that a program writes, or that only configure another one, are not the project's code.
_NO_SOURCES = (
    *(
        "*.min.js",
        "*.bundle.js",
        "*-min.js",
        "jquery*.js",
        "bootstrap*.js",
        "*.d.ts",
        "*.config.js",
    ),
    *("*.config.ts", "*.config.mjs", "*.config.cjs", "*.conf.js", ".*rc.js", ".*rc.cjs"),
    *("gulpfile*.js", "gruntfile*.js", "webpack.*.js", "*_pb2.py", "*_pb2_grpc.py", "*.pb.go"),
    *("*.pb.cc", "*.pb.h", "*.g.dart", "*.freezed.dart", "*.designer.cs", "*.generated.*"),
    *("*.g.cs", "moc_*.cpp", "ui_*.h", "qrc_*.cpp", "zz_generated*", "*.gradle.kts"),
    *("noxfile.py", "dangerfile.*", "ltmain.sh", "install-sh", "autogen.sh", "bootstrap.sh"),
)


_NO_SOURCE = Names(
    [
        *_NO_SOURCES,
        *(name for tool in TOOLS for name in tool.files),
        *(name for each in ECOSYSTEMS for name in f"{each.manifests} {each.marks}".split()),
    ]
)
_BY_MANIFEST: dict[str, list[Ecosystem]] = {}
for _each in ECOSYSTEMS:
    for _name in f"{_each.manifests} {_each.marks} {_each.locks}".split():
        _BY_MANIFEST.setdefault(_name, []).append(_each)
_MANIFESTS = Names(_BY_MANIFEST)


# The names of GitLab for what is part of a language here.
_NAMES = {
    "HTML+EEX": "Elixir",
    "HEEx": "Elixir",
    "Jupyter Notebook": "Python",
    "Cython": "Python",
    "HCL": "Terraform",
    "Cuda": "CUDA",
    "Objective-C++": "Objective-C",
    "Visual Basic .NET": "Visual Basic",
    "Vim Script": "Vim script",
    "CoffeeScript": "JavaScript",
}
# Their files often have no suffix.
_WITHOUT_SUFFIX = frozenset({"Shell", "Python", "Perl", "Ruby"})
_COMPONENTS = (".vue", ".svelte", ".astro")


@dataclass(frozen=True, slots=True)
class Stack:
    """The languages of a project, those with the most files first.

    `main` are those that the project is written in, `spoken` those of more than a few files, and
    `present` all. A manifest without source code counts, too.
    """

    main: tuple[str, ...]
    spoken: tuple[str, ...]
    present: tuple[str, ...]

    @property
    def typed(self) -> tuple[str, ...]:
        """The main languages of which type checkers count.

        For these few they are a tool of their own: where one is used, compilers of others say
        nothing about its types.
        """
        return tuple(name for name in self.main if name in CHECKED_APART) or self.main


def stack_of(paths: Iterable[str], shares: Mapping[str, float] | None = None) -> Stack:
    """Return the languages of a project with these files.

    A language is a main one with a fifth of the source code; with a manifest a twentieth is enough.
    One or two files need a manifest or a third. The language with the most code always is one.
    `shares` are those of GitLab, by its names of languages; without them, files are counted.
    Documentation, and what is not the project's own, does not count.
    """
    mine = list(own(paths, deepest=20))
    counted = _counted(mine)
    declared = _declared(own(mine))
    weights = _weights(shares or {}, counted, mine) or dict(counted)
    total = sum(weights.values())
    ranked = sorted(weights, key=lambda name: (-weights[name], _ORDER.index(name)))
    if not ranked:
        names = tuple(dict.fromkeys(next(iter(each.languages)) for each in declared))
        return Stack(names, names, names)
    main = set(ranked[:1])
    for each in declared:
        top = max(each.languages, key=lambda name: weights.get(name, 0))
        enough = _LEAST_SHARE_WITH_MANIFEST * total
        if counted[top] > _FEW and weights.get(top, 0) >= enough:
            main.add(top)
    manifests = {name for each in declared for name in each.languages}
    for name, weight in weights.items():
        # Without a suffix, files are not counted, but GitLab knows their language.
        number = counted[name] or _FEW + 1
        is_enough = number > _FEW or name in manifests or weight >= _LEAST_SHARE_OF_FEW * total
        if is_enough and weight >= _LEAST_SHARE * total:
            main.add(name)
    return Stack(
        tuple(name for name in ranked if name in main),
        tuple(name for name in ranked if weights[name] >= _LEAST_SHARE_SPOKEN * total),
        tuple(dict.fromkeys([*ranked, *counted])),
    )


def _weights(
    shares: Mapping[str, float], counted: Mapping[str, int], paths: Iterable[str]
) -> dict[str, float]:
    """Return GitLab's shares by our names of languages, without what is no source code."""
    component = _of_components(paths)
    names = {**_NAMES, "Vue": component, "Svelte": component, "Astro": component}
    weights: dict[str, float] = {}
    for theirs, share in shares.items():
        name = names.get(theirs, theirs)
        # GitLab counts documentation and helpers in folders that do not count here.
        if name in _ORDER and (name in counted or theirs in _WITHOUT_SUFFIX):
            weights[name] = weights.get(name, 0) + share
    return weights


def is_code(path: str) -> bool:
    """Return whether a file is source code, by its suffix."""
    return _language(path) is not None


def _declared(paths: Iterable[str]) -> list[Ecosystem]:
    """Return the ecosystems with a manifest or a lock file among these files, in their order."""
    known = filter(None, (_MANIFESTS.find(file_name(path)) for path in paths))
    found = {id(each) for name in set(known) for each in _BY_MANIFEST[name]}
    return [each for each in ECOSYSTEMS if id(each) in found]


def _counted(paths: list[str]) -> Counter[str]:
    counted: Counter[str] = Counter()
    headers = translations = 0
    component = _of_components(paths)
    for path in paths:
        *folders, name = path.lower().split("/")
        language = _language(path)
        if language is None or not _DOCUMENTATION.isdisjoint(folders) or _NO_SOURCE.find(name):
            continue
        headers += name.endswith(_HEADER)
        translations += name.endswith(".ts")
        counted[component if name.endswith(_COMPONENTS) else language] += 1
    if headers:
        relatives = ("C", "C++", "Objective-C")
        rest = Counter({name: counted[name] for name in relatives})
        rest["C"] -= headers
        counted["C"] -= headers
        counted[max(relatives, key=lambda name: rest[name])] += headers
    if translations and counted["C++"] and "package.json" not in map(file_name, paths):
        counted["TypeScript"] -= translations
    return +counted


def _of_components(paths: Iterable[str]) -> str:
    """Return the language of Vue's and Svelte's files: TypeScript if the project configures it."""
    return "TypeScript" if "tsconfig.json" in map(file_name, own(paths)) else "JavaScript"


def _language(path: str) -> str | None:
    name = file_name(path).removesuffix(".in")  # what `configure` fills in
    stem, dot, ending = name.rpartition(".")
    if stem and dot:
        return _ENDINGS.get(f".{ending}")
    return "Shell" if name in _SHELL_NAMES else None
