"""One HTTP exchange, done well: transport, wire, retry, limits, credentials, paging."""
