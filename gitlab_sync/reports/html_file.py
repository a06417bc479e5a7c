"""Tables as one self-contained HTML page: no script, no other file, no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from gitlab_sync.reports.cells import Kind, Value, legal, shown_moment, value_of
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.reports.text_table import UNKNOWN, shown_columns
from gitlab_sync.types import TableRow

_UNKNOWN = f'<abbr title="Not known: it could not be read">{UNKNOWN}</abbr>'
_ON_THE_RIGHT: tuple[Kind, ...] = ("integer", "number", "percent")

# Whatever a cell might contain, a browser loads and runs nothing here.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --text: #1f1e24; --quiet: #55525f; --line: #dcdae3;
  --head: #efedf5; --stripe: #f8f7fb; --link: #1f5fbf; --doubt: #fdf0d5; --doubt-text: #6b4500;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #18171d; --text: #ececf0; --quiet: #a9a6b4; --line: #3c3947;
    --head: #2b2933; --stripe: #1f1e25; --link: #8ab8ff; --doubt: #4a3710; --doubt-text: #ffd88a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: max-content; min-width: min(100%, 40rem);
  background: var(--ground); color: var(--text); font: 15px/1.45 system-ui, sans-serif;
}
h1, h2 { margin: 0 0 .75rem; line-height: 1.2; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; }
h2 { margin-top: 1.75rem; font-size: 1.15rem; }
.scroll {
  max-width: 100%; max-height: 85vh; overflow: auto; border: 1px solid var(--line);
  border-radius: 6px;
}
.scroll:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
table { border-collapse: separate; border-spacing: 0; width: max-content; min-width: 100%; }
caption { padding: .5rem .6rem; text-align: left; color: var(--quiet); }
th, td {
  padding: .4rem .6rem; text-align: left; vertical-align: top; background: var(--ground);
  border-bottom: 1px solid var(--line);
}
thead th {
  position: sticky; top: 0; z-index: 1; background: var(--head); vertical-align: bottom;
  max-width: 6rem;
}
tbody tr:nth-child(even) > * { background: var(--stripe); }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 600; }
tr > :first-child {
  position: sticky; left: 0; max-width: min(20rem, 40vw); overflow-wrap: break-word;
  border-right: 1px solid var(--line);
}
thead tr > :first-child { z-index: 2; }
td { max-width: 18rem; overflow-wrap: break-word; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
time { white-space: nowrap; }
a { color: var(--link); }
abbr {
  padding: 0 .4em; border-radius: 4px; background: var(--doubt); color: var(--doubt-text);
  font-weight: 700; text-decoration: none; cursor: help;
}
footer { margin-top: 1rem; color: var(--quiet); font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .9rem; margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
@media print {
  :root {
    color-scheme: light;
    --ground: #ffffff; --text: #000000; --quiet: #333333; --line: #999999;
    --head: #eeeeee; --stripe: #ffffff; --link: #000000; --doubt: #ffffff; --doubt-text: #000000;
  }
  @page { size: landscape; margin: 12mm; }
  body { max-width: none; padding: 0; font-size: 9pt; }
  .scroll { max-height: none; overflow: visible; border: 0; }
  thead th, tr > :first-child { position: static; }
  th, td { padding: .2rem .35rem; }
  table { width: 100%; }
  tr { break-inside: avoid; }
}
"""


def to_html(*sheets: Sheet) -> bytes:
    """Return a whole page in UTF-8, in the light or dark colours that its reader prefers.

    It has the title of the first table; there must be at least one. Null is a question mark, except
    in columns where it means that there is nothing; `Error` is left out if no row has one. Texts
    are escaped, and links are http or https.
    """
    return "".join(_page(sheets)).encode(errors="replace")


def _page(sheets: Sequence[Sheet]) -> Iterator[str]:
    title = _text(sheets[0].title)
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
    )
    for place, sheet in enumerate(sheets):
        name, level = f"title{place or ''}", 2 if place else 1
        yield f'<h{level} id="{name}">{_text(sheet.title)}</h{level}>\n'
        # It takes the focus, so that people without a mouse can scroll it with the arrow keys.
        yield f'<div class="scroll" role="region" aria-labelledby="{name}" tabindex="0">\n'
        yield from _table(sheet)
        yield "</div>\n"
    yield "</main>\n"
    for meta in dict.fromkeys(sheet.meta for sheet in sheets):
        yield from _footer(meta)
    yield "</body>\n</html>\n"


def _table(sheet: Sheet) -> Iterator[str]:
    shown = shown_columns(sheet.columns, sheet.rows)
    kinds = [sheet.kind(column) for column in shown]
    yield f"<table>\n<caption>{_caption(len(sheet.rows))}</caption>\n<thead>\n<tr>"
    for column, kind in zip(shown, kinds, strict=True):
        yield f'<th scope="col"{_class(kind)}>{_text(column)}</th>'
    yield "</tr>\n</thead>\n<tbody>\n"
    for row in sheet.rows:
        yield _row(sheet, row, shown, kinds)
    yield "</tbody>\n</table>\n"


def _row(sheet: Sheet, row: TableRow, columns: Sequence[str], kinds: Sequence[Kind]) -> str:
    cells = []
    for place, (column, kind) in enumerate(zip(columns, kinds, strict=True)):
        value = value_of(row.get(column), kind)
        if value is None:
            content = "" if column in sheet.nothing else _UNKNOWN
        else:
            content = _content(value, kind)
            url = sheet.link(column, row)
            if url is not None:
                content = f'<a href="{escape(url)}" rel="noreferrer">{content}</a>'
        # The first column names what a row is about.
        tag, scope = ("td", "") if place else ("th", ' scope="row"')
        cells.append(f"<{tag}{scope}{_class(kind)}>{content}</{tag}>")
    return f"<tr>{''.join(cells)}</tr>\n"


def _content(value: Value, kind: Kind) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f'<time datetime="{value.isoformat()}">{shown_moment(value)}</time>'
    if isinstance(value, float):
        return f"{value:g}\N{NO-BREAK SPACE}%" if kind == "percent" else str(value)
    return _text(str(value))


def _class(kind: Kind) -> str:
    return ' class="n"' if kind in _ON_THE_RIGHT else ""


def _caption(count: int) -> str:
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return f"{rows}. {_UNKNOWN} is what is not known, and not 0."


def _footer(meta: Meta) -> Iterator[str]:
    yield '<footer aria-label="About this report">\n<dl>\n'
    for label, text in meta.lines().items():
        yield f"<dt>{_text(label)}</dt><dd>{_text(text)}</dd>\n"
    yield "</dl>\n</footer>\n"


def _text(text: str) -> str:
    return escape(legal(text))
