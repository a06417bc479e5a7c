"""Team leaderboard: teams compared by what they did, down to the points behind each score."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial

import streamlit as st

from gitlab_sync.client import GitLabClient
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.leaderboard_charts import show_scores
from gitlab_sync.pages.state.connection import secrets_of_server
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.team_editor import show_sources, teams_as_text, teams_field
from gitlab_sync.pages.team_tables import HELP, OneTeam, badges_in_words, unknown_members
from gitlab_sync.pages.team_view import show_team
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.error_panel import show_error
from gitlab_sync.pages.widgets.frame import begin
from gitlab_sync.pages.widgets.page_query import Asked, Look, PageQuery, ask_and_show
from gitlab_sync.pages.widgets.table_view import Extras, offer_workbook, show_sheet
from gitlab_sync.pages.widgets.times import visitors_zone
from gitlab_sync.reports.report import Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.scores.leaderboard import DEFAULT_WEIGHTS, weights_from
from gitlab_sync.rules.scores.work import Number
from gitlab_sync.run import Run
from gitlab_sync.services import leaderboard as answers
from gitlab_sync.services.leaderboard import (
    INDIVIDUALS,
    LEADERBOARD,
    SCORES,
    LeaderboardQuery,
    LeaderboardReport,
)
from gitlab_sync.types import TableRow

PAGE = "leaderboard"
TITLE = "Team_Leaderboard"
LEAD = (
    "Teams compared by their commits, merge requests and issues, with the points behind each "
    "score. Pick a team to see its members, their shares and their days."
)

_PICKED = "_picked_team"


class Board(Report):
    """What was found of each person, by which a page tells what is missing, and the leaderboard."""

    def __init__(self, leaderboard: LeaderboardReport) -> None:
        super().__init__(leaderboard.individuals, leaderboard.completeness)
        self.leaderboard = leaderboard
        self.as_of = leaderboard.as_of


def answer(client: GitLabClient, question: LeaderboardQuery, run: Run) -> Board:
    """Read the work of everybody in the teams, and compare them."""
    return Board(answers.answer(client, question, run))


def about(question: LeaderboardQuery) -> Hashable:
    """Return what tells a question from others, whatever the order of the teams."""
    teams = frozenset(
        (team.name, team.project, frozenset(member.key for member in team.members))
        for team in question.teams
    )
    weights = tuple(question.weights.items())
    return (teams, tuple(question.projects), question.period, str(question.zone), weights)


def weights_of_server() -> Mapping[str, Number]:
    """Return the points that the server's operator wrote down; the usual ones where none are."""
    try:
        return read_weights(secrets_of_server().get("leaderboard", {}))
    except ConfigurationError as error:
        show_error("This server's points are wrong, so the usual ones count", error)
        return DEFAULT_WEIGHTS


def read_weights(setting: object) -> Mapping[str, Number]:
    """Return the points in a table of settings; ConfigurationError for what can be none."""
    weights = setting.get("weights", {}) if isinstance(setting, Mapping) else None
    if not isinstance(weights, Mapping):
        raise ConfigurationError("leaderboard.weights in the secrets is no table of numbers")
    return weights_from(weights)


def show_fields(sign_in: SignIn) -> Asked[LeaderboardQuery, Board]:
    """Show the fields, and return what they ask."""
    show_sources(sign_in)
    teams = teams_field(teams_as_text(get_demo().teams) if sign_in.is_demo else "")
    with st.form("leaderboard"):
        projects = fields.projects_field()
        period = fields.read_period(*fields.dates_fields())
        pressed = fields.run_button()
    weights = weights_of_server()
    if teams is None or period is None:
        return None, pressed
    if not any(team.members for team in teams):
        if pressed:
            st.error("Type in at least one team with a member first.", icon=":material/error:")
        return None, pressed
    question = LeaderboardQuery(teams, projects, period, zone=visitors_zone(), weights=weights)
    return PageQuery(PAGE, about(question), "people", question, answer), pressed


def show_board(look: Look[LeaderboardQuery, Board]) -> None:
    """Show all teams, and the one that was picked."""
    if look.report is None:
        return
    board = look.report.leaderboard
    fields.show_unknown_projects(board.unknown_projects)
    with st.container(horizontal=True, vertical_alignment="center"):
        individuals = st.toggle(
            "Individuals",
            key="individuals",
            help="Compare people, too, and give them badges.",
            bind="query-params",
        )
        sheets = {
            sheet.title: sheet for sheet in board.sheets(look.instance, individuals=individuals)
        }
        help_text = "A workbook with the leaderboard, a sheet for each team, and the points."
        offer_workbook([*sheets.values()], TITLE, help_text)
    picked = _show_all(board, sheets)
    if individuals:
        st.header("Individuals", anchor=False)
        extras = Extras({**HELP, "Badges": badges_in_words()}, pinned=("Rank", "Username"))
        show_sheet(sheets[INDIVIDUALS], "people", "Individuals", extras)
    name = _opened(board, picked)
    if name is not None:
        meta = Meta.of_report(board, look.instance, board.query.in_words())
        show_team(OneTeam(board, name, meta), sheets[board.query.titles()[name]])


def _show_all(board: LeaderboardReport, sheets: Mapping[str, Sheet]) -> TableRow | None:
    """Show the teams as a table, as a chart, or with all points; return the row picked, if any."""
    table, chart, points = st.tabs(["Table", "Chart", "Points"], key="show", bind="query-params")
    if chart.open:
        with chart:
            show_scores(board)
    if points.open:
        with points:
            show_sheet(sheets[SCORES], "scores", "Scores", Extras(HELP, pinned=("Username",)))
    if not table.open:
        return None
    with table:
        extras = Extras(
            HELP,
            pinned=("Rank", "Team"),
            unknown=partial(unknown_members, board),
            alt="Team leaderboard: a row for each team, the best first",
        )
        return show_sheet(sheets[LEADERBOARD], "board", TITLE, extras, selectable=True)


def _opened(board: LeaderboardReport, picked: TableRow | None) -> str | None:
    """Return the team that is open: the one picked last, in the table or in the field."""
    name = None if picked is None else str(picked["Team"])
    if name != st.session_state.get(_PICKED):
        st.session_state[_PICKED] = name
        if name is not None:
            st.session_state["team"] = name
    if st.session_state.get("team") not in board.teams:
        st.session_state.pop("team", None)  # of another leaderboard
    return st.selectbox(
        "Team",
        [*board.teams],
        index=None,
        key="team",
        placeholder="Pick a team, here or in the table",
        bind="query-params",
    )


visitor = begin("Team leaderboard", LEAD)
ask_and_show(
    visitor,
    PAGE,
    show_fields(visitor),
    show_board,
    ready="Press Run to read the work of these teams.",
    lacking="Write down the teams that you want to compare, and press Run.",
)
