"""The app as people start it for themselves, with `gitlab-sync app`.

Such an app answers only to this machine and can reach any GitLab. Its settings of Streamlit are in
`.streamlit/config.toml` of this folder.
"""
