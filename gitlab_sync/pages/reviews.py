"""Reviews: how merged merge requests were reviewed, by team, project and week.

A member sees only the measures of their own merge requests, whatever the page's URL says.
"""

from __future__ import annotations

from gitlab_sync.pages import team_fields as inputs
from gitlab_sync.pages.review_view import show_own, show_reviews
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import role_of
from gitlab_sync.pages.team_reviews import page_query
from gitlab_sync.pages.team_text import teams_as_text
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.page_query import FormResult, run_and_show
from gitlab_sync.pages.widgets.policy_field import policy_field
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.services.reviews import ReviewsQuery, ReviewsReport

LEAD = (
    "How merged merge requests were reviewed: how long they waited for a response and for the "
    "merge, in how many rounds, by how many people, and how many were merged without a review."
)
LEAD_OF_MEMBER = (
    "How your merged merge requests were reviewed: how long they waited for a response and for the "
    "merge, and in how many rounds."
)


def fields_of_teams(visitor: SignIn) -> FormResult[ReviewsQuery, ReviewsReport]:
    """Show the fields for teams and return their query."""
    default = teams_as_text(get_demo().teams) if visitor.is_demo else ""
    with fields.query_form("reviews", "Teams, project and dates") as form:
        found = inputs.teams_field(visitor, form, default)
        project = fields.line_field(
            "Only this project (optional)", "project", fields.PROJECT_EXAMPLE
        )
        days = fields.dates_fields()
        policy = policy_field()
        saved = inputs.save_button(form)
    period = fields.read_period(*days)
    if found is None or not inputs.check_teams(found):
        return None, form.pressed
    if saved:
        inputs.show_saved(found.teams)
    if period is None:
        return None, form.pressed
    if not inputs.check_members(found, pressed=form.pressed):
        return None, form.pressed
    return page_query("reviews", found.teams, period, policy, project), form.pressed


def fields_of_member(visitor: SignIn) -> FormResult[ReviewsQuery, ReviewsReport]:
    """Show only the fields for the days and the policy; their query is about the visitor."""
    with fields.query_form("my_reviews", "Dates") as form:
        days = fields.dates_fields()
        policy = policy_field()
    period = fields.read_period(*days)
    if period is None:
        return None, form.pressed
    own = Team(visitor.username, "", (Member(visitor.username),))
    return page_query("my_reviews", (own,), period, policy), form.pressed


visitor = current_visitor()
is_member = role_of(visitor) == "member"
show_header(
    visitor, "My reviews" if is_member else "Reviews", LEAD_OF_MEMBER if is_member else LEAD
)
# The page of a member has a name of its own, so that an answer from before the visitor became a
# member is not shown.
run_and_show(
    visitor,
    "my_reviews" if is_member else "reviews",
    fields_of_member(visitor) if is_member else fields_of_teams(visitor),
    show_own if is_member else show_reviews,
    ready="Press Run to read these merge requests.",
    incomplete="Choose the days, then press Run."
    if is_member
    else "Enter the teams, then press Run.",
)
