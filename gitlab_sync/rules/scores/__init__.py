"""Scores and sums: leaderboard, badges, weeks, heatmaps, time and commits."""
