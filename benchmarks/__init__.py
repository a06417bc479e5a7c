"""How fast, how light and how fair: this package beside what people would write without it.

`python -m benchmarks` measures what is in `scenarios`; `peers` holds what is compared. Each
measurement runs in an interpreter of its own (`run`), against a sandbox in another process
(`world`). `documents` puts the figures of a run into docs/performance.md.
"""
