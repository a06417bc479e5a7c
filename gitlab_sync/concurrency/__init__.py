"""The shared pool: a bounded executor, its fair queue, futures, cancellation and timers."""
