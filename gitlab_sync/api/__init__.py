"""One module for each GitLab resource: which requests it takes to read something.

Everything here is thread-safe. Functions that read raise the errors of `gitlab_sync.errors` for
what could not be read; a list's error has the rows read before it in `.partial`. Functions that
return a `Workflow` send no request themselves.
"""
