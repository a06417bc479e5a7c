"""This project meets what its own command asks for by its own policy, and README says so."""

from __future__ import annotations

import pytest
from own_compliance import README, filled, own_report


@pytest.mark.slow
def test_everything_that_applies_passes_and_readme_shows_it() -> None:
    """Nothing is unknown, either; `make compliance` renews the table."""
    report = own_report()
    results = {each["Check"]: each["Result"] for each in report["Checks"]}
    assert set(results.values()) <= {"pass", "not applicable"}, results
    assert report["Compliance Score"] == 100
    text = README.read_text(encoding="utf-8")
    assert "<!-- compliance -->" in text
    assert filled(text, report) == text
