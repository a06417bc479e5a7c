"""How fast, how light and how fair: this package beside what people would write without it.

`python -m benchmarks` measures everything that is in `scenarios`; `peers` holds what is compared.
Each measurement runs in an interpreter of its own, against a sandbox in another process.
"""
