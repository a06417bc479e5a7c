"""The tour shows what happens: all of its snippets run, in their order."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runs import environment
from documents import page
from terminal import Terminal, path_with_command
from walk import Walk, compare

TOUR = page("tour")


def retold(document: str, folder: Path) -> str:
    """Return a document with what its snippets give now, in an empty folder."""
    # Without a choice of the policy, as a reader has it.
    environ = environment(folder, PATH=path_with_command(), GITLAB_SYNC_POLICY="")
    return Walk(Terminal(folder, environ), folder, complete=True).retold(document)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_snippet_of_the_tour_gives_what_is_below_it(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Otherwise the difference is shown, and `--write-docs` fixes the document."""
    compare(TOUR, retold(TOUR.read_text(encoding="utf-8"), tmp_path), request)


TOLD = """
```python
# → 5
number = 6  # half a dozen
print(number)
# → 7

# → 8
```
Prose, and `code`.
```python
for n in range(2):
    print(number * n)

print(id(number), "is …", end="")
# → … is …
```
```console
$ gitlab-sync --version > version; (exit 5)
7
$ echo $?; cut -c -11 version
6
```
"""

RETOLD = """
```python
number = 6  # half a dozen
print(number)
# → 6

```
Prose, and `code`.
```python
for n in range(2):
    print(number * n)
# → 0
# → 6

print(id(number), "is …", end="")
# → … is …
```
```console
$ gitlab-sync --version > version; (exit 5)
$ echo $?; cut -c -11 version
5
gitlab-sync
```
"""


def test_what_a_snippet_gives_takes_the_place_of_what_it_does_not(tmp_path: Path) -> None:
    """Names are shared, a loop's output is below the loop, and `$?` is of the line before."""
    assert retold(TOLD, tmp_path) == RETOLD
