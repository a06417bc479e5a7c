"""How complex GitLab takes a query to be.

A field counts 1, a few more; one that asks the repository 1 more. The fields below a connection
count again by 1 % for each row it may give: by `1 + first / 100`, nested ones on top of each other.
`nodes` and `pageInfo` are fields like any other. From GitLab's documentation and source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionNode,
    SelectionSetNode,
    TypeMetaFieldDef,
    TypeNameMetaFieldDef,
    ValueNode,
    VariableNode,
    get_named_type,
    value_from_ast_untyped,
)

from gitlab_sync.sandbox.graphql.connections import MOST

SIGNED_IN, ANONYMOUS = 250, 200
"""The most that GitLab allows."""

_OWN = {
    "Commit.title": 2,
    "MergeRequest.assignees": 5,
    "MergeRequest.closedAt": 5,
    "MergeRequest.commits": 2,
    "MergeRequest.commitsWithoutMergeCommits": 2,
    "MergeRequest.diffHeadSha": 2,
    "MergeRequest.diffStats": 2,
    "MergeRequest.labels": 5,
    "MergeRequest.mergedAt": 5,
    "MergeRequest.participants": 15,
    "MergeRequest.reviewers": 5,
    "Repository.blobs": 2,
    "Repository.empty": 2,
    "Repository.rootRef": 2,
}
"""What counts more than 1 by itself."""

_META = {
    "__schema": SchemaMetaFieldDef,
    "__type": TypeMetaFieldDef,
    "__typename": TypeNameMetaFieldDef,
}


class Complexity:
    """Counts one operation of a sound document, with the variables it is called with."""

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._fragments = fragments
        self._operation = operation
        defaults = {
            definition.variable.name.value: value_from_ast_untyped(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        }
        self._variables = {**defaults, **variables}

    def score(self, schema: GraphQLSchema) -> int:
        """Return what the operation counts."""
        root = schema.get_root_type(self._operation.operation)
        return 0 if root is None else self._of(root, [self._operation.selection_set])

    def _of(
        self, kind: GraphQLObjectType | GraphQLInterfaceType, sets: Iterable[SelectionSetNode]
    ) -> int:
        fields: dict[str, list[FieldNode]] = {}
        for selections in sets:
            for node in self._fields(selections.selections):
                name = node.alias.value if node.alias else node.name.value
                fields.setdefault(name, []).append(node)
        return sum(self._field(kind, nodes) for nodes in fields.values())

    def _fields(self, selections: Iterable[SelectionNode]) -> Iterator[FieldNode]:
        """Yield all fields of an object, out of its fragments, too."""
        for node in selections:
            if self._left_out(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._fields(node.selection_set.selections)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                yield from self._fields(fragment.selection_set.selections)

    def _left_out(self, node: SelectionNode) -> bool:
        """Whether `@skip` or `@include` takes the selection away."""
        for directive in node.directives or ():
            if directive.name.value in {"skip", "include"} and directive.arguments:
                met = bool(self._value(directive.arguments[0].value))
                if met == (directive.name.value == "skip"):
                    return True
        return False

    def _field(self, kind: GraphQLObjectType | GraphQLInterfaceType, nodes: list[FieldNode]) -> int:
        node = nodes[0]
        name = node.name.value
        field: GraphQLField = _META.get(name) or kind.fields[name]
        inner = get_named_type(field.type)
        below = 0
        if isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
            below = self._of(inner, [node.selection_set for node in nodes if node.selection_set])
        own = _OWN.get(f"{kind.name}.{name}", 1)
        if f"{kind.name}.{name}" == "Repository.blobs":
            # Each path counts 1, and with what is asked of each file as often as there are rows.
            below += own + self._paths(node)
            own = 0
        if inner.name.endswith("Connection"):
            below += int(below * self._rows(node) / 100)
        return own + below

    def _paths(self, node: FieldNode) -> int:
        """Return how many files are asked for."""
        given = [each.value for each in node.arguments or () if each.name.value == "paths"]
        paths = self._value(given[0]) if given else ()
        return len(paths) if isinstance(paths, list) else 1

    def _rows(self, node: FieldNode) -> int:
        """Return how many rows count: none where they are asked for by number."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        if "iids" in given and self._value(given["iids"]):
            return 0
        sizes = [self._value(given[name]) for name in ("first", "last") if name in given]
        return min([MOST, *[size for size in sizes if isinstance(size, int) and size >= 0]])

    def _value(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value)
        if isinstance(node, IntValueNode):
            return int(node.value)
        return value_from_ast_untyped(node, self._variables)
