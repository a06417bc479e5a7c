"""Merge requests in bulk from GraphQL: queries, records, page sizes, and its health."""
