"""Complexity is counted as GitLab counts it."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, validate

from gitlab_sync.sandbox.graphql.complexity import Complexity
from gitlab_sync.sandbox.graphql.schema import make_schema

SCHEMA = make_schema()


def score(query: str, **variables: Any) -> int:
    """Return the complexity of a sound query with one operation."""
    document = parse(query)
    assert validate(SCHEMA, document) == []
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    (operation,) = (
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    )
    return Complexity(fragments, operation, variables).score(SCHEMA)


def of_files(count: int) -> int:
    """Return the complexity of a query for the texts of so many files, as one of its users told it.

    The report of the query for 100 files also asked for the complexity, which counts 3.
    """
    query = (
        'query($p: [String!]!) { queryComplexity { score limit } project(fullPath: "a") '
        '{ repository { blobs(ref: "x", paths: $p) { nodes { size rawTextBlob } } } } }'
    )
    return score(query, p=["a"] * count)


def test_each_file_counts_as_in_a_query_that_was_measured() -> None:
    """15 and 2 for each file, so 215 for a hundred."""
    assert [of_files(count) for count in (0, 1, 100)] == [15, 17, 215]


def in_a_page(fields: str, first: str = "first: 50") -> str:
    """Return a query of fields of a project's merge requests."""
    return f'{{ project(fullPath: "a") {{ mergeRequests({first}) {{ nodes {{ {fields} }} }} }} }}'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ currentUser { username } }", 2),
        ("{ currentUser { a: username b: username } }", 3),
        ("{ currentUser { username username } }", 2),
        ("{ __typename }", 1),
        ('{ __type(name: "MergeRequest") { fields { name } } }', 3),
        ("{ queryComplexity { score limit } }", 3),
        # project 1, connection 1, and below it nodes and iid, once and by half again.
        (in_a_page("iid"), 1 + 1 + int(2 * 1.5)),
        (in_a_page("iid title"), 1 + 1 + int(3 * 1.5)),
        (in_a_page("iid", "first: 100"), 1 + 1 + 4),
        (in_a_page("iid", "last: 50"), 1 + 1 + 3),
        (in_a_page("iid", "state: merged"), 1 + 1 + 4),
        (in_a_page("iid", "first: 100000"), 1 + 1 + 4),
        (in_a_page("iid", "first: 0"), 1 + 1 + 2),
        (in_a_page("iid", 'iids: ["1", "2"]'), 1 + 1 + 2),
        # A list that is no connection, and what asks the repository.
        (in_a_page("diffStats { path }", "first: 0"), 1 + 1 + (1 + 2 + 1)),
        (in_a_page("commits(first: 0) { nodes { message } }", "first: 0"), 1 + 1 + (1 + 2 + 2)),
        (in_a_page("mergedAt closedAt", "first: 0"), 1 + 1 + (1 + 5 + 5)),
        # Nested connections multiply.
        (in_a_page("notes { nodes { body } }"), 1 + 1 + int((1 + 1 + 4) * 1.5)),
        (
            in_a_page("notes(first: 50) { nodes { body } pageInfo { endCursor } }"),
            1 + 1 + int((1 + 1 + 6) * 1.5),
        ),
    ],
)
def test_a_query_counts_as_documented(query: str, expected: int) -> None:
    """A field 1, a connection 1 and what is below it by 1 + first / 100."""
    assert score(query) == expected


def test_the_size_of_a_page_may_be_a_variable() -> None:
    """What was sent counts, else its default, else a whole page."""
    query = """query($n: Int, $m: Int = 50) {
      currentUser {
        a: authoredMergeRequests(first: $n) { nodes { iid } }
        b: authoredMergeRequests(first: $m) { nodes { iid } }
      } }"""
    assert score(query, n=0) == 1 + (1 + 2) + (1 + 3)
    assert score(query, n=50, m=100) == 1 + (1 + 3) + (1 + 4)
    assert score(query) == 1 + (1 + 4) + (1 + 3)


def test_fragments_count_where_they_are_spread() -> None:
    """Named or not, each time, and the same field of one object but once."""
    query = """query {
      a: user(username: "a") { ...F }
      b: user(username: "b") { ...F ... on UserCore { name state } }
    }
    fragment F on User { username name }"""
    assert score(query) == (1 + 2) + (1 + 3)


def test_what_a_directive_leaves_out_does_not_count() -> None:
    """`@skip` and `@include`, with their variables."""
    query = """query($yes: Boolean!) {
      currentUser { username name @include(if: $yes) state @skip(if: $yes) bot @skip(if: false) }
    }"""
    assert score(query, yes=True) == 4
    assert score(query, yes=False) == 4
    assert score(query.replace("@skip(if: false)", "@skip(if: true)"), yes=True) == 3
