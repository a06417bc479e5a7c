"""How fast, light and fair this package is, compared with what people would write without it.

`python -m benchmarks` runs the `scenarios`; `peers` has the clients that are compared. Each
measurement runs in its own interpreter (`run`), against a sandbox in another process (`world`).
`documents` puts the figures of a run into docs/explanation/performance.md.
"""
