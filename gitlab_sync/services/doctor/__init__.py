"""Examines what a run needs: network, token, GitLab, store, policy; and what a run would cost."""
