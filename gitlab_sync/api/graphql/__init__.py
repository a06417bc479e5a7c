"""Merge requests in bulk from GraphQL: queries, records, sizes, and the health of the server."""
