"""The files for pipelines, and what GitLab makes of them."""

from __future__ import annotations

import re
from typing import Any

import yaml
from documents import ROOT, text_of

TEMPLATE = (ROOT / "templates/check/template.yml").read_text(encoding="utf-8")
HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
DOCUMENT = text_of("ci")


def blocks() -> list[str]:
    """Return the examples in YAML of the document, in order."""
    return re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)


def component(**given: str) -> dict[str, Any]:
    """Return the content of the component, with these inputs in place of the defaults."""
    header, body = TEMPLATE.split("\n---\n")
    inputs = yaml.safe_load(header)["spec"]["inputs"]
    values = {name: each["default"] for name, each in inputs.items()}
    values |= {name.replace("_", "-"): value for name, value in given.items()}

    def value(found: re.Match[str]) -> str:
        told = values[found[1]]
        return str(told).lower() if isinstance(told, bool) else str(told)

    content: dict[str, Any] = yaml.safe_load(re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", value, body))
    return content
