"""The web app: one module for each page with its parts, `widgets/` and `state/`.

`app.py` starts it, `navigation.py` runs first for every visitor. The modules at this level are the
pages (`st.Page` runs `batch_analytics.py`, `user_profile.py`, … as scripts) and what only one page
shows: the name of a part begins with the name of its page (`profile_charts`, `week_fields`).

With `app.py` this is the only package that imports streamlit. Page scripts run in Streamlit's
threads, once for each rerun of each tab; work in other threads (see `state.jobs`) never touches
Streamlit. Functions named `show_…` and `…_field` draw on the page; all others only calculate.
"""
