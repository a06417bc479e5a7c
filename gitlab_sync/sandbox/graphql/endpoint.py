"""From the body of a request to `/api/graphql` to its answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,
    parse,
    validate,
)

from gitlab_sync.sandbox.answer import Answer, Refusal, json_answer
from gitlab_sync.sandbox.call import Lists
from gitlab_sync.sandbox.graphql.asking import Asking
from gitlab_sync.sandbox.graphql.complexity import ANONYMOUS, SIGNED_IN, Complexity
from gitlab_sync.sandbox.graphql.refusals import RULES, told
from gitlab_sync.sandbox.graphql.schema import make_schema
from gitlab_sync.sandbox.viewer import Viewer
from gitlab_sync.sandbox.world import World

MOST_CHARACTERS = 10_000
_KEPT = 256


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A query's text once it has been read and checked; with `errors` it is not executed."""

    errors: list[dict[str, Any]]
    document: DocumentNode | None = None
    operations: tuple[OperationDefinitionNode, ...] = ()
    fragments: dict[str, FragmentDefinitionNode] | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a request's body holds."""

    query: str
    variables: dict[str, Any]
    operation: str | None


class GraphQL:
    """Answers queries about one world.

    `lists` keeps what was filtered lately; `without` names what the schema lacks (see
    `make_schema`, which raises ValueError for names it does not know). Texts of queries are read
    and checked once in a process: clients send the same few again and again.
    """

    def __init__(self, world: World, lists: Lists, without: Iterable[str] = ()) -> None:
        self._world = world
        self._lists = lists
        self._schema = make_schema(without)

    def answer(self, body: bytes, viewer: Viewer) -> tuple[Answer, int]:
        """Return the answer, and how many merge requests its lists hold.

        Raises the `Refusal` of a body that is no request (400) or a query that is too long (422);
        all other errors come with status 200.
        """
        sent = _read(body)
        prepared = _prepared(self._schema, sent.query)
        if prepared.document is None or prepared.errors:
            return json_answer({"errors": prepared.errors}), 0
        asking = self._asking(prepared, sent, viewer)
        if asking.score > asking.limit:
            return _too_complex(asking), 0
        result = execute_sync(
            self._schema,
            prepared.document,
            context_value=asking,
            variable_values=sent.variables,
            operation_name=sent.operation,
        )
        shown: dict[str, Any] = {}
        if result.data is not None or not _before_execution(result.errors):
            shown["data"] = result.data
        if result.errors:
            shown["errors"] = [told(error) for error in result.errors]
        return json_answer(shown), asking.merge_requests

    def operation(self, body: bytes) -> str:
        """Return `query` or `mutation`, by what a request would do; "" if that is neither.

        Raises the `Refusal` of a body that is no request, as `answer` does.
        """
        prepared = _prepared(self._schema, _read(body).query)
        kinds = {each.operation.value for each in prepared.operations}
        return kinds.pop() if len(kinds) == 1 else ""

    def _asking(self, prepared: _Prepared, sent: _Sent, viewer: Viewer) -> Asking:
        score = 0
        for operation in prepared.operations:
            name = operation.name.value if operation.name else None
            if len(prepared.operations) == 1 or name == sent.operation:
                complexity = Complexity(prepared.fragments or {}, operation, sent.variables)
                score = complexity.score(self._schema)
        limit = ANONYMOUS if viewer.token is None else SIGNED_IN
        return Asking(self._world, viewer, self._lists, score, limit)


@lru_cache(maxsize=_KEPT)
def _prepared(schema: GraphQLSchema, query: str) -> _Prepared:
    if not query.strip():
        return _Prepared([{"message": "No query string was present"}])
    try:
        document = parse(query)
    except GraphQLError as error:
        return _Prepared([told(error)])
    errors = [told(error) for error in validate(schema, document, RULES)]
    operations, fragments = [], {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations.append(definition)
        elif isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition
    return _Prepared(errors, document, tuple(operations), fragments)


def _read(body: bytes) -> _Sent:
    """Return what a body holds. GitLab takes the variables as JSON within JSON, too."""
    try:
        sent = orjson.loads(body)
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise Refusal(json_answer({"status": 400, "error": "Bad Request"}, 400))
    variables = sent.get("variables") or {}
    if isinstance(variables, str):
        try:
            variables = orjson.loads(variables)
        except ValueError:
            variables = None
    if not isinstance(variables, dict):
        raise refused(422, "Variables are no JSON object")
    query = str(sent.get("query") or "")
    if len(query) > MOST_CHARACTERS:
        raise refused(422, "Query too large")
    return _Sent(query, variables, sent.get("operationName") or None)


def _too_complex(asking: Asking) -> Answer:
    text = f"Query has complexity of {asking.score}, which exceeds max complexity of {asking.limit}"
    return json_answer({"errors": [{"message": text}]})


def _before_execution(errors: Iterable[GraphQLError] | None) -> bool:
    """Whether the query was refused as a whole: no error has a place in the data."""
    return bool(errors) and all(error.path is None for error in errors or ())


def refused(status: int, text: str) -> Refusal:
    """Return a refusal in the shape of GraphQL's errors."""
    return Refusal(json_answer({"errors": [{"message": text}]}, status))
