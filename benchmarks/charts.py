"""Pictures of what was measured: Vega-Lite, drawn as SVG where vl-convert is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

NEEDED = "vl_convert"
# Okabe and Ito's colours, which people with any colour vision can tell apart.
_COLOURS = ("#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#CC79A7", "#999999", "#009E73")
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
_TENS = [10.0**power for power in range(-3, 8)]

Sample: TypeAlias = Mapping[str, Any]
Spec: TypeAlias = dict[str, Any]


def can_be_drawn() -> bool:
    """Whether what is needed for it is installed."""
    return importlib.util.find_spec(NEEDED) is not None


def draw(folder: Path, sections: Iterable[Mapping[str, Any]]) -> list[Path]:
    """Draw what there are figures for, into files of `folder`; return their paths."""
    import vl_convert

    raw = {section["name"]: section["raw"] for section in sections if section["raw"]}
    paths = []
    for name, scenario, spec_of in (
        ("latencies", "side_by_side", latencies),
        ("growth", "growth", growth),
    ):
        if scenario in raw:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name}.svg"
            path.write_text(vl_convert.vegalite_to_svg(spec_of(raw[scenario])), encoding="utf-8")
            paths.append(path)
    return paths


def latencies(samples: Iterable[Sample]) -> Spec:
    """Return merge requests a second by latency, a line for each client."""
    rows = [
        {
            "x": f"{sample['latency_ms']} ms",
            "order": sample["latency_ms"],
            "series": sample["client"],
            "y": sample["items"] / sample["wall"],
        }
        for sample in samples
    ]
    x = {"field": "x", "type": "ordinal", "sort": {"field": "order"}, "axis": {"labelAngle": 0}}
    return _lines(
        "Ended merge requests read in a second, by client",
        rows,
        {**x, "title": "latency of each request"},
        "merge requests a second",
    )


def growth(samples: Iterable[Sample]) -> Spec:
    """Return what a run takes by the number of its merge requests."""
    rows = [
        {"x": sample["number"], "series": name, "y": amount}
        for sample in samples
        if sample["what"] == "merge requests"
        for name, amount in (
            ("requests", sample["requests"]),
            ("seconds", sample["wall"]),
            ("seconds of CPU", sample["cpu"]),
            ("peak memory, MB", sample["peak_memory"] / 1e6),
        )
    ]
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"type": "log"},
        "axis": {"values": _TENS},
        "title": "merge requests (by tens)",
    }
    return _lines("What a run takes, by its merge requests", rows, x, "amount")


def _lines(title: str, rows: list[dict[str, Any]], x: Spec, y_title: str) -> Spec:
    """Return lines with a mark at each figure, on white: they are read in dark themes, too."""
    series = list(dict.fromkeys(row["series"] for row in rows))
    scale = {"domain": series}
    legend = {"title": None, "labelLimit": 300}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": title, "anchor": "start"},
        "background": "white",
        "padding": 12,
        "width": 480,
        "height": 300,
        "config": {"axis": {"gridColor": "#dddddd"}},
        "data": {"values": rows},
        "mark": {"type": "line", "point": {"size": 60}},
        "encoding": {
            "x": x,
            "y": {
                "field": "y",
                "type": "quantitative",
                "aggregate": "mean",
                "scale": {"type": "log"},
                "title": f"{y_title} (by tens)",
                "axis": {"values": _TENS},
            },
            "color": {
                "field": "series",
                "type": "nominal",
                "scale": {**scale, "range": list(_COLOURS[: len(series)])},
                "legend": legend,
            },
            "shape": {
                "field": "series",
                "type": "nominal",
                "scale": {**scale, "range": list(_SHAPES[: len(series)])},
                "legend": legend,
            },
        },
    }
