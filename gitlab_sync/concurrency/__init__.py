"""The shared pool: a bounded executor, its fair queue, futures, cancellation and timers.

Everything here is thread-safe, except iterators of results, which have one consumer.
"""
