"""Runs CPython's own tests of thread pools with ours: `python tests/foreign/executors.py`.

For Python 3.12 or newer, with its package `test`. See docs/development.md.
"""

from __future__ import annotations

import unittest

from test.test_concurrent_futures import util  # type: ignore[import-not-found]

from gitlab_sync.concurrency.executor import SharedExecutor

MODULES = ("thread_pool", "wait", "as_completed", "shutdown", "init")

if __name__ == "__main__":
    util.ThreadPoolMixin.executor_type = SharedExecutor
    names = [f"test.test_concurrent_futures.test_{module}" for module in MODULES]
    unittest.main(None, argv=["executors", "-k", "Thread", *names])
