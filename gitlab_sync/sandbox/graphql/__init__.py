"""`POST /api/graphql`: GitLab's types and fields over the world that REST serves, too.

Nothing outside imports this package at the top of a file: it brings graphql-core along, for which
a sandbox that is only asked over REST need not pay.
"""
