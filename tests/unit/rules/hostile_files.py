"""Files that cost as much as a stranger can make them, by what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

Files: TypeAlias = dict[str, str]

# A key with many parts, as `a.b.c`, in each form.
LONG_KEYS = {
    "bare": lambda size: "a." * (size // 2) + "a = 1",
    "quoted": lambda size: '"a".' * (size // 4) + "a = 1",
    "with escapes": lambda size: '"\\"".' * (size // 5) + "a = 1",
    "literal": lambda size: "'='." * (size // 4) + "a = 1",
    "with spaces": lambda size: "a . " * (size // 4) + "a = 1",
    "of a table": lambda size: "[" + "a." * (size // 2) + "a]",
    "of a list": lambda size: "[[" + "a." * (size // 2) + "a]]",
    "inline": lambda size: "x = {" + "a." * (size // 2) + "a = 1}",
    "behind texts": lambda size: (
        "x = {y = \"\"\" \" \"\"\", z = ''''a''', " + "a." * (size // 2) + 'a = 1} # "'
    ),
}


def lines(line: str, size: int) -> str:
    """Return so many characters of one line again and again."""
    return line * (size // len(line))


def numbered(line: str, size: int) -> str:
    """Return about so many characters of lines that differ by a number."""
    return "".join(line.format(number) for number in range(size // (len(line) + 3)))


HOSTILE: Mapping[str, Callable[[int], Files]] = {
    **{
        f"TOML key {name}": lambda size, make=make: {"pyproject.toml": make(size)}  # type: ignore[misc]
        for name, make in LONG_KEYS.items()
    },
    "TOML levels": lambda size: {"pyproject.toml": "a = " + "[" * size},
    "TOML tables": lambda size: {"pyproject.toml": numbered("[a.b.c{0}]\n", size)},
    "TOML lists of tables": lambda size: {"pyproject.toml": lines("[[a]]\n", size)},
    "INI lines that are none": lambda size: {"setup.cfg": "[a]\n" + lines("b\n", size)},
    "INI spaces": lambda size: {"setup.cfg": f"[a]\nb{' ' * size}c"},
    "INI spaces in a name": lambda size: {"setup.cfg": f"[a]\nb{' ' * size}c = d"},
    "INI sections and defaults": lambda size: {
        "tox.ini": "[DEFAULT]\n" + numbered("d{0} = 1\n", size) + numbered("[{0}]\n", size)
    },
    "tox environments": lambda size: {
        "tox.ini": "[testenv]\ncommands =\n" + lines("  a b\n", size)
        + numbered("[testenv:{0}]\n", 8_000)
    },
    "JSON levels": lambda size: {"package.json": '{"a":' * (size // 5)},
    "scripts that call each other": lambda size: {
        "package.json": '{"scripts": {"a": "' + numbered("npm run a -- {0};", size) + '"}}'
    },
    "make targets of one rule": lambda size: {
        "Makefile": numbered("t{0} ", 3_000) + ":\n" + lines("\ta\n", size)
    },
    "make needs of one rule": lambda size: {
        "Makefile": numbered("t{0} ", 3_000) + ": " + lines("a ", size)
    },
    "make folders": lambda size: {
        "Makefile": "a:\n\tmake " + lines("x ", size) + lines("-C a ", size)
    },
    "make variables of variables": lambda size: {
        "Makefile": numbered("v{0} = $(v1)$(v2)$(v3)\n", 100) + lines("v1 = $(v2)$(v2)\n", size)
        + "a:\n" + lines("\t$(v1)$(v2)\n", size)
    },
    "make variables that grow": lambda size: {
        "Makefile": lines("v += $(v)x\n", size) + "a:\n\t$(v)\n"
    },
    "scripts that call each other with arguments": lambda size: {
        ".gitlab-ci.yml": "a: {script: ./a.sh}\n",
        "a.sh": numbered("./b.sh $@ {0}\n", size),
        "b.sh": numbered("./a.sh $@ {0}\n", size),
    },
    "variables of the shell": lambda size: {
        ".gitlab-ci.yml": "a: {script: ./a.sh}\n",
        "a.sh": f"A='{'make ' * 200}'\n" + lines("$A $A $A\n", size),
    },
    "variables of the pipeline": lambda size: {
        ".gitlab-ci.yml": "variables:\n" + numbered("  V{0}: make\n", size)
        + numbered("t{0}: {{script: $V{0}, extends: .a}}\n", size)
        + ".a: {variables: {" + numbered("W{0}: a, ", size) + "}}\n"
    },
    "patterns of npm scripts": lambda size: {
        ".gitlab-ci.yml": "a: {script: npm run a}\n",
        "package.json": '{"scripts": {' + numbered('"a{0}:b": "run-s **", ', 400)
        + '"a": "' + lines("run-s *:* ", size) + '"}}'
    },
    "tasks that need each other": lambda size: {
        ".gitlab-ci.yml": "a: {script: task a}\n",
        "Taskfile.yml": f"tasks:\n  a: {{deps: [{'a, b, ' * size}]}}\n"
        f"  b: {{cmds: [{'{task: a}, ' * size}]}}\n"
    },
    "recipes of just": lambda size: {
        "justfile": numbered("t{0}: a b c\n", size) + lines("  just a\n", size)
    },
    "sessions of nox": lambda size: {
        "noxfile.py": lines("@nox.session(name='a')\ndef a(s):\n s.run('a'\n", size)
    },
    "here documents": lambda size: {
        ".gitlab-ci.yml": "a: {script: ./a.sh}\n", "a.sh": lines("cat <<a <<b\n", size),
    },
    "hooks with spaces": lambda size: {
        ".pre-commit-config.yaml": "repos: [{hooks: [" + numbered("{{id: h{0}}},", 5_000)
        + "]}]\n# id:" + " " * size
    },
    "YAML aliases in a key": lambda size: {
        ".gitlab-ci.yml": f"a: &a {'x' * size}\n? [{'*a, ' * 300}]\n: 1\n"
    },
    "YAML aliases of a long text": lambda size: {
        ".gitlab-ci.yml": f'a: &a "{lines("echo a;", size)}"\nt: {{script: [{"*a, " * 12}]}}\n'
    },
    "YAML aliases of aliases": lambda size: {
        ".gitlab-ci.yml": f"a: &a [{'b, ' * (size // 4)}]\n" + lines("c: &a [*a, *a, *a]\n", 200)
    },
    "YAML levels": lambda size: {".gitlab-ci.yml": "[" * size},
    "YAML directives": lambda size: {
        ".gitlab-ci.yml": numbered("%TAG !{0}! a\n", size) + "---\na: 1"
    },
    "files of a project with a long name": lambda size: {
        ".gitlab-ci.yml": f"include: {{project: {'a' * size}, file: [{'b, ' * 900}]}}"
    },
    "files of a project without end": lambda size: {
        ".gitlab-ci.yml": f"include: {{project: {'a' * size}, file: [{'b, ' * size}]}}"
    },
    "a default script for many jobs": lambda size: {
        ".gitlab-ci.yml": f'before_script: ["{lines("make a; ", size)}"]\n'
        + numbered("t{0}: {{script: a{0}}}\n", size)
    },
    "a default script and another for many jobs": lambda size: {
        ".gitlab-ci.yml": f'default: {{before_script: ["{"a" * size}", b]}}\n'
        + numbered("t{0}: {{script: c}}\n", 4 * size)
    },
    "a reference for many jobs": lambda size: {
        ".gitlab-ci.yml": f"default: {{before_script: [!reference [{'a, ' * (size // 4)}]]}}\n"
        + numbered("t{0}: {{script: a}}\n", size)
    },
    "jobs that extend much": lambda size: {
        ".gitlab-ci.yml": f".a: {{artifacts: {{reports: {{{numbered('k{0}: 1, ', size)}}}}}}}\n"
        + numbered("t{0}: {{script: a, extends: [.a, .a, .a, .a, .a, .a, .a, .a]}}\n", size)
    },
    "licences": lambda size: {
        "LICENSE": numbered("SPDX-License-Identifier: MIT OR LicenseRef-{0}\n", size)
    },
    "requirements": lambda size: {"requirements.txt": lines("a[\n", size)},
    "a long requirement": lambda size: {"requirements.txt": "a " + lines(">=1,", size)},
}  # fmt: skip

PEOPLE: Mapping[str, Callable[[int], str]] = {
    "columns": lambda size: "user" + numbered(",{0}", size) + "\nann" + lines(",x", size),
    "repeated titles": lambda size: "user" + lines(",x", size) + "\nann" + lines(",y", size),
    "a person again and again": lambda size: "user" + numbered(",{0}", 5_000) + "\nann"
    + lines(",x", 2_000) + "\n" + lines("ann\n", size),
    "quotes": lambda size: '"' * size,
    "quotes on lines": lambda size: lines('"\n', size),
    "quotes in the middle": lambda size: lines('"a"b\n', size),
    "an open quote": lambda size: '"' + lines("a\n", size),
    "an open quote, and others": lambda size: '"\n' + lines('a"b"\n', size),
    "carriage returns": lambda size: "\r" * size,
    "empty lines": lambda size: "\n" * size,
}  # fmt: skip
