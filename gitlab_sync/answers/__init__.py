"""What people ask, answered: one module for each table that command line and pages both show.

Each takes a client and a question and returns rows, how complete they are, and what stands behind
each number.
"""
