"""The facts of merge requests that no list holds, from REST, GraphQL or the store.

A source of facts serves one run, in the thread that runs its workflows.
"""
