"""What outlives a run of a page: sign-ins, connections, jobs, settings and the demo's server.

All of it is in the memory of this process and is gone when the process ends. Everything here is
thread-safe: many visitors use it at once. Nothing here imports a page or a widget.
"""
