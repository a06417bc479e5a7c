"""What a pipeline checks: one merge request, a project, or people, by a policy."""
