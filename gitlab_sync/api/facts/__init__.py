"""The facts of merge requests that no list holds, from REST, GraphQL or the store."""
