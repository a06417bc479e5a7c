"""One HTTP exchange: transport, connections, wire, retry, rate limit, credentials, cache, URLs.

`wire`, `urls` and `headers` are pure; everything with state is thread-safe.
"""
