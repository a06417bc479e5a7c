"""Which route answers a path: a tree of segments, with one branch for variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import unquote

from gitlab_sync.sandbox.answer import Answer
from gitlab_sync.sandbox.call import Call

Route: TypeAlias = Callable[[Call], Answer]


class _Node:
    __slots__ = ("literal", "methods", "template", "variable")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.template = ""
        self.methods: dict[str, Route] = {}


class Router:
    """Finds routes by method and path.

    Templates look like `/projects/:id/issues`; "POST /projects" is one for another method than
    GET. A literal segment goes before a variable one.
    """

    def __init__(self, *tables: Mapping[str, Route]) -> None:
        self._root = _Node()
        for table in tables:
            for template, route in table.items():
                self._add(template, route)

    def _add(self, template: str, route: Route) -> None:
        method, path = template.split(" ", 1) if " " in template else ("GET", template)
        node = self._root
        for segment in path.strip("/").split("/"):
            if segment.startswith(":"):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literal.setdefault(segment, _Node())
        node.template = path
        node.methods[method] = route

    def find(
        self, segments: Sequence[str]
    ) -> tuple[str, Mapping[str, Route], tuple[str, ...]] | None:
        """Return the template, the routes by method and the decoded variables of a path.

        None if there is no such route.
        """
        node = self._root
        arguments: list[str] = []
        for segment in segments:
            following = node.literal.get(segment)
            if following is None:
                following = node.variable
                if following is None:
                    return None
                arguments.append(unquote(segment) if "%" in segment else segment)
            node = following
        return (node.template, node.methods, tuple(arguments)) if node.methods else None
