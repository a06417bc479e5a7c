"""Team leaderboard: teams compared by their work, down to the points of each score."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import partial

import streamlit as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages import team_fields as inputs
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.server_settings import server_secrets
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.team_charts import show_scores
from gitlab_sync.pages.team_tables import HELP, OneTeam, badges_in_words, unknown_members
from gitlab_sync.pages.team_text import teams_as_text
from gitlab_sync.pages.team_view import show_team
from gitlab_sync.pages.widgets import fields
from gitlab_sync.pages.widgets.cell_looks import CellLooks
from gitlab_sync.pages.widgets.error_panel import valid_or
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.page_query import FormResult, JobAnswer, PageQuery, run_and_show
from gitlab_sync.pages.widgets.policy_field import policy_field, show_policy
from gitlab_sync.pages.widgets.table_view import (
    Picked,
    TableOptions,
    details_of,
    show_table,
    show_workbook_download,
)
from gitlab_sync.pages.widgets.times import visitor_zone
from gitlab_sync.reports.report import Report
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.rules.scores.leaderboard import DEFAULT_WEIGHTS, weights_from
from gitlab_sync.rules.scores.work import Number
from gitlab_sync.run import Run
from gitlab_sync.services.leaderboard import (
    INDIVIDUALS,
    LEADERBOARD,
    SCORES,
    LeaderboardQuery,
    LeaderboardReport,
)
from gitlab_sync.services.reader import Reader
from gitlab_sync.snapshots.reader import MANY

PAGE = "leaderboard"
TITLE = "Team_Leaderboard"
LEAD = (
    "Teams compared by their commits, merge requests and issues, with the points behind each "
    "score. Select a team to see its members, their shares and their days."
)

_SELECTED = "_selected_team"


class Board(Report):
    """The rows of people, which show what is missing, with the leaderboard that they make up."""

    def __init__(self, leaderboard: LeaderboardReport) -> None:
        super().__init__(leaderboard.individuals, leaderboard.completeness)
        self.leaderboard = leaderboard
        self.as_of = leaderboard.as_of


def answer(reader: Reader, query: LeaderboardQuery, run: Run) -> Board:
    """Read the work of all members and compare the teams. Thread-safe."""
    return Board(reader.leaderboard(query, run.with_reports_as(Board)))


def key_of(query: LeaderboardQuery) -> Hashable:
    """Return the key of a query, which does not depend on the order of the teams."""
    teams = frozenset(
        (team.name, team.project, frozenset(member.key for member in team.members))
        for team in query.teams
    )
    weights = tuple(query.weights.items())
    where = (tuple(query.projects), query.period, str(query.zone))
    return (teams, *where, weights, query.policy.name)


def read_weights(
    setting: object, usual: Mapping[str, Number] = DEFAULT_WEIGHTS
) -> Mapping[str, Number]:
    """Return the `usual` points with those of the section `leaderboard` in their place.

    Raises ConfigurationError if that is invalid.
    """
    weights = setting.get("weights", {}) if isinstance(setting, Mapping) else None
    if not isinstance(weights, Mapping):
        raise ConfigurationError(
            "leaderboard.weights in the secrets must be a table of numbers",
            hint="Write, for example, mr_merged = 8 below [leaderboard.weights].",
        )
    return weights_from(weights, usual)


def show_fields(visitor: SignIn) -> FormResult[LeaderboardQuery, Board]:
    """Show the fields and return their query."""
    default = teams_as_text(get_demo().teams) if visitor.is_demo else ""
    with fields.query_form(PAGE, "Teams, projects and dates") as form:
        found = inputs.teams_field(visitor, form, default)
        projects = fields.projects_field()
        days = fields.dates_fields()
        policy = policy_field()
        saved = inputs.save_button(form)
    period = fields.read_period(*days)
    if found is None or not inputs.check_teams(found):
        return None, form.pressed
    if saved:
        inputs.show_saved(found.teams)
    usual: Mapping[str, Number] = {**DEFAULT_WEIGHTS, **policy.leaderboard_weights}
    weights = valid_or(
        usual,
        lambda: read_weights(server_secrets().get("leaderboard", {}), usual),
        "This server's points for the leaderboard are not valid, so those of the policy apply",
    )
    if period is None:
        return None, form.pressed
    if not inputs.check_members(found, pressed=form.pressed):
        return None, form.pressed
    query = LeaderboardQuery(
        found.teams, projects, period, zone=visitor_zone(), weights=weights, policy=policy
    )
    return PageQuery(PAGE, key_of(query), "people", query, answer), form.pressed


def show_board(found: JobAnswer[LeaderboardQuery, Board]) -> None:
    """Show all teams, and the selected one."""
    if found.report is None:
        return
    board, instance = found.report.leaderboard, found.instance
    fields.show_unknown_projects(board.unknown_projects)
    show_policy(board.query.policy)
    if board.bots:
        st.caption(f"Left out of the teams, as bots: {escaped(', '.join(board.bots))}.")
    with st.container(horizontal=True, vertical_alignment="center"):
        individuals = st.toggle(
            "Individuals",
            key="individuals",
            help="Also compare people, with badges.",
            bind="query-params",
        )
        sheets = {sheet.title: sheet for sheet in board.sheets(instance, individuals=individuals)}
        help_text = "A workbook with the leaderboard, a sheet for each team, and the points."
        show_workbook_download([*sheets.values()], TITLE, help_text)
    picked = _show_all(board, sheets)
    if individuals:
        st.header("Individuals", anchor=False)
        options = TableOptions({**HELP, "Badges": badges_in_words()}, pinned=("Rank", "Username"))
        show_table(sheets[INDIVIDUALS], "people", "Individuals", options)
    with details_of(picked):
        name = _team_field(board, picked)
        whole = None if name is None else board_of(found, board, name)
        if name is not None and whole is not None:
            show_team(
                OneTeam(whole, name, board.meta(instance)), sheets[board.query.titles()[name]]
            )


def board_of(
    found: JobAnswer[LeaderboardQuery, Board], board: LeaderboardReport, name: str
) -> LeaderboardReport | None:
    """Return the leaderboard with the lists of a team, which are read now if it has none.

    None if they cannot be read now, and the page says why.
    """
    result = board.teams[name].result
    if all(board.people[work.username].has_lists for work in result.members):
        return board
    if len(result.members) > MANY:
        st.caption(
            f"The team has more than {MANY} members: their days and lists are not shown. Make "
            "smaller teams to see them."
        )
        return board
    alone = replace(board.query, teams=(result.team,))
    more = found.ask_more(name, lambda reader: reader.leaderboard(alone, Run()))
    return None if more is None else board.with_lists_of(more)


def _show_all(board: LeaderboardReport, sheets: Mapping[str, Sheet]) -> Picked | None:
    """Show the teams as a table, as a chart, or with all points; return what is selected."""
    table, chart, points = st.tabs(["Table", "Chart", "Points"], key="show", bind="query-params")
    if chart.open:
        with chart:
            show_scores(board)
    if points.open:
        with points:
            options = TableOptions(HELP, pinned=("Username",))
            show_table(sheets[SCORES], "scores", "Scores", options)
    if not table.open:
        return None
    with table:
        options = TableOptions(
            HELP,
            pinned=("Rank", "Team"),
            looks=CellLooks(partial(unknown_members, board)),
            alt="Team leaderboard: one row for each team, the best first",
        )
        return show_table(sheets[LEADERBOARD], "board", TITLE, options, selectable=True)


def _team_field(board: LeaderboardReport, picked: Picked | None) -> str | None:
    """Show the field for the team to open; a newly selected row changes it. Return the team."""
    name = None if picked is None else str(picked.row["Team"])
    if name != st.session_state.get(_SELECTED):
        st.session_state[_SELECTED] = name
        if name is not None:
            st.session_state["team"] = name
    if st.session_state.get("team") not in board.teams:
        st.session_state.pop("team", None)  # of another leaderboard
    return st.selectbox(
        "Team",
        [*board.teams],
        index=None,
        key="team",
        placeholder="Select a team here or in the table",
        bind="query-params",
    )


visitor = current_visitor()
show_header(visitor, "Team leaderboard", LEAD)
run_and_show(
    visitor,
    PAGE,
    show_fields(visitor),
    show_board,
    ready="Press Run to read the work of these teams.",
    incomplete="Enter the teams to compare, then press Run.",
)
