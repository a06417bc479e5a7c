"""The public surface does not change unnoticed."""

from __future__ import annotations

from pathlib import Path

from public_surface import surface

RECORD = Path(__file__).with_name("public_surface.txt")


def test_the_public_surface_is_the_recorded_one() -> None:
    """To change it on purpose: `python tests/meta/public_surface.py > …/public_surface.txt`."""
    assert "\n".join(surface()) + "\n" == RECORD.read_text(encoding="utf-8")
