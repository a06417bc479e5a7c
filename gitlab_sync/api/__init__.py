"""One module for each GitLab resource: which requests a question costs stands here."""
