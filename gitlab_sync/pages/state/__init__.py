"""What outlives a run of a page: sign-ins, connections, jobs, roles, and the demo's server."""
