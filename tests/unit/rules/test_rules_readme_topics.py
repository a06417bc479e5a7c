"""The topics of a README: as words, and in the headings of each kind of text."""

from __future__ import annotations

import pytest
from project_examples import repository

from gitlab_sync.rules.projects.compliance import evaluate
from gitlab_sync.rules.projects.readme_topics import own_words, topics

TEMPLATE = """\
# App



## Getting started

To make it easy for you to get started with GitLab, here's a list of recommended next steps.

Already a pro? Just edit this README.md and make it your own. Want to make it easy?
[Use the template at the bottom](#editing-this-readme)!

## Add your files

- [ ] [Create](https://docs.gitlab.com/user/project/repository/) or upload files

***

# Editing this README

When you're ready to make this README your own, just edit this file and use the handy template
below. Feel free to structure it however you want.

## Installation
Within a particular ecosystem, there is a common way of installing things.

## Usage
Use examples liberally, and show the expected output if you can.

## Contributing
State if you are open to contributions and what your requirements are for accepting them.

## License
For open source projects, say how it is licensed.
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Words, in either spelling and number
        ("Installation, usage, features", ["installation", "usage", "features"]),
        ("The licence; see the examples", ["license", "example"]),
        ("set-up, quickstart, getting started", ["getting started", "setup", "quick start"]),
        ("Install it and use it; contribute", []),
        # Headings of Markdown, reStructuredText, AsciiDoc, HTML and plain text
        ("## Installing", ["installation"]),
        ("# 1. Building from source\n", ["installation"]),
        ("Compiling\n---------\n", ["installation"]),
        ("How to use it\n^^^^^^^^^^^^^\n", ["usage"]),
        ("== Configuration\n", ["setup"]),
        ("<h2>How to contribute</h2>", ["contributing"]),
        ("* Install it\n* Use it\n", []),
        ("**Licensing**\n", ["license"]),
        ("USING THE PROGRAM\n\nRun it.", ["usage"]),
        ("Prerequisites:\n  a compiler", ["setup"]),
        ("## :rocket: Quick guide", ["quick start"]),
        ("## 📦 Install", ["installation"]),
        ("## Development\n## Demo\n", ["contributing", "example"]),
        # Other languages
        ("## Verwendung\n## Lizenz\n## Mitwirken\n", ["usage", "license", "contributing"]),
        ("## Instalación\n## Uso\n", ["installation", "usage"]),
        ("## 安装\n## 使用\n## 许可证\n", ["installation", "usage", "license"]),
        # What is no heading, or another word
        ("```sh\n# install it\n```\n", []),
        ("## Running the tests", []),
        ("## Because\n## Uninteresting", []),
        ("    # install\n", []),
        # Badges and addresses
        ("![license](https://x.example/license)", []),
        ("[home](https://x.example/usage/installation)", []),
        ("[the licence](LICENSE)", ["license"]),
        (".. image:: https://x.example/license.svg\n   :alt: license\n", []),
        ('<img alt="license" src="usage.png">', []),
        ("", []),
    ],
)
def test_topics_are_words_or_headings_in_any_form(text: str, expected: list[str]) -> None:
    """A heading is about its topic in each form of the word; other text needs the word itself."""
    assert topics(text) == expected


def test_the_template_that_gitlab_puts_into_each_project_says_nothing() -> None:
    """What a person wrote before it counts."""
    finding = evaluate(repository({"README.md": TEMPLATE})).findings["readme"]
    assert finding.result == "fail"
    assert "apart from GitLab's template" in finding.reason
    own = "# App\n\n## Install\n\n" + "a" * 150 + "\n\n## Use\n\n## License\n"
    mixed = evaluate(repository({"README.md": own + TEMPLATE})).findings["readme"]
    assert mixed.result == "pass"
    assert own_words(TEMPLATE.replace("\n", "\r\n")).strip() == "# App"
    assert own_words(own) == own
