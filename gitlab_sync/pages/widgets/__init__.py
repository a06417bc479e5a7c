"""What several pages show: headers, fields, tables, charts, progress and errors.

Everything here draws in the run of a page, so only Streamlit's threads may call it. Text that
comes from GitLab or from a visitor passes through `markdown.escaped` before it is shown.
"""
