"""What is wrong with a query, in GitLab's words.

Unknown fields and arguments are what a client looks at, since that is how an older server says what
it lacks: they are told exactly as GitLab tells them. Other faults of a query keep graphql-core's
words, but for a few that GitLab's are put in place of.
"""

from __future__ import annotations

import re
from typing import Any

from graphql import (
    ArgumentNode,
    ASTValidationRule,
    FieldNode,
    FieldsOnCorrectTypeRule,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    KnownArgumentNamesRule,
    OperationDefinitionNode,
    ValidationRule,
    specified_rules,
)

_WORDS = (
    (
        re.compile(r"Variable '\$(\w+)' is never used(?: in operation '(\w+)')?\."),
        "Variable ${0} is declared by {1} but not used",
    ),
    (
        re.compile(r"Variable '\$(\w+)' is not defined(?: by operation '(\w+)')?\."),
        "Variable ${0} is used by {1} but not declared",
    ),
    (re.compile(r"Unknown fragment '(\w+)'\."), "Fragment {0} was used, but not defined"),
    (re.compile(r"Fragment '(\w+)' is never used\."), "Fragment {0} was defined, but not used"),
    (re.compile(r"Unknown operation named '(\w*)'\."), 'No operation named "{0}"'),
    (
        re.compile(r"Must provide operation name if query contains multiple operations\."),
        "An operation name is required",
    ),
    (
        re.compile(r"The mutation operation is not supported by the schema\."),
        "Schema is not configured for mutations",
    ),
)


class UnknownNames(ValidationRule):
    """Refuses fields and arguments that the schema does not have."""

    def enter_field(
        self, node: FieldNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]
    ) -> None:
        """Refuse a field that its type does not have."""
        kind = self.context.get_parent_type()
        if kind is None or self.context.get_field_def() is not None:
            return
        name = node.name.value
        self.report_error(
            GraphQLError(
                f"Field '{name}' doesn't exist on type '{kind.name}'",
                node,
                path=[*_path_to(ancestors), _response_key(node)],
                extensions={
                    "code": "undefinedField",
                    "typeName": kind.name,
                    "fieldName": name,
                },
            )
        )

    def enter_argument(
        self, node: ArgumentNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]
    ) -> None:
        """Refuse an argument that its field does not have; directives are left to others."""
        field = ancestors[-2] if isinstance(ancestors[-1], tuple | list) else ancestors[-1]
        definition = self.context.get_field_def()
        if not isinstance(field, FieldNode) or definition is None:
            return
        name = node.name.value
        if name in definition.args:
            return
        self.report_error(
            GraphQLError(
                f"Field '{field.name.value}' doesn't accept argument '{name}'",
                node,
                path=[*_path_to(ancestors), name],
                extensions={
                    "code": "argumentNotAccepted",
                    "name": field.name.value,
                    "typeName": "Field",
                    "argumentName": name,
                },
            )
        )


RULES: list[type[ASTValidationRule]] = [
    UnknownNames,
    *[
        rule
        for rule in specified_rules
        if rule not in {FieldsOnCorrectTypeRule, KnownArgumentNamesRule}
    ],
]
"""What a query is checked by."""


def _response_key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _path_to(ancestors: list[Any]) -> list[str | int]:
    """Return the way from the operation or fragment to a node, as GitLab writes it."""
    path: list[str | int] = []
    for node in ancestors:
        if isinstance(node, OperationDefinitionNode):
            kind = node.operation.value
            path.append(f"{kind} {node.name.value}" if node.name else kind)
        elif isinstance(node, FragmentDefinitionNode):
            path.append(f"fragment {node.name.value}")
        elif isinstance(node, FieldNode):
            path.append(_response_key(node))
    return path


def told(error: GraphQLError) -> dict[str, Any]:
    """Return an error as the answer shows it."""
    shown: dict[str, Any] = dict(error.formatted)
    if isinstance(error, GraphQLSyntaxError):
        text = error.message.removeprefix("Syntax Error: ").rstrip(".")
        places = [f" at [{place.line}, {place.column}]" for place in error.locations or ()]
        shown["message"] = text + "".join(places)
        return shown
    for pattern, words in _WORDS:
        match = pattern.fullmatch(error.message)
        if match is not None:
            shown["message"] = words.format(*(part or "anonymous query" for part in match.groups()))
    return shown
