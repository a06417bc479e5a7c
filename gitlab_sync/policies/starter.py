"""The file that `gitlab-sync policy init` writes."""

from __future__ import annotations

from typing import Final

STARTER: Final = """\
# What this team agrees on, for gitlab-sync. A line that begins with “# ” and a key is left out, and
# says what holds without it; `gitlab-sync policy show` prints all that is in force, and
# `gitlab-sync policy check gitlab-sync.toml` names what is not valid here.

# fair asks what people could have done until the merge; classic has the numbers of the older client
# (and no timezone, holidays, time_tracking, milestones and paths.source). The path of another file
# or its address in the same GitLab, gives what this file does not say.
extends = "fair"

# --- working days ---------------------------------------------------------------------------------

# timezone = "UTC"
# holidays = ["IN", 2026-10-20]        # codes of countries or regions (DE-BY), and dates

# --- what is asked for ----------------------------------------------------------------------------

# time_tracking = false                # true: time has to be booked
# milestones = "off"                   # always: issues need one; if used: where the project has one

# [checks.no_unit_tests]               # `gitlab-sync explain` lists the ids of all checks
# severity = "high"                    # low, medium, high, or off: the column stays, and is n/a
# exempt_labels = ["docs", "spike"]    # with one of these labels it is n/a

# [checks.merge_gt_2_days]
# limit = "48h"                        # merge_gt_1_week and long_open_time have one, too

# [paths]                              # patterns as in .gitignore, in the place of the usual rules
# source = ["*.py", "!legacy/**"]      # a change of one of these needs a test
# test = ["**/tests/**"]

# [bots]
# names = ["our-release-bot"]          # in the place of dependabot, renovate, copilot-swe-agent

# [slots]                              # the parts of the day of commits
# morning = "09:00"
# afternoon = "12:30"
# evening = "17:00"                    # when the afternoon ends

# --- scores ---------------------------------------------------------------------------------------

# [licenses]
# allowed = ["MIT", "Apache-2.0"]

# [readme]
# length = 150                         # characters
# sections = 3                         # of the usual topics

# [weights.leaderboard]                # points for each; 0 takes it out of the score
# commits = 1
# mr_merged = 5
# mr_created = 2
# issues_closed = 3

# [weights.compliance]                 # by the checks of projects
# ci_test = 6

# --- disputes -------------------------------------------------------------------------------------

# [contest]
# project = "courses/decisions"        # where faults are disputed, in issues

# [[waivers]]                          # faults that do not count; one table for each
# check = "no_internal_review"
# item = "courses/app!42"              # or project, person, group; without one, the check alone
# reason = "pair-programmed"
# by = "mentor1"
# until = 2026-12-31
"""
"""A valid policy, equal to fair; uncommented, it has every table."""
