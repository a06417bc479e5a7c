"""One principal at one instance: requests, pages, lists and workflows over the shared runtime.

Everything here is thread-safe, except what says that it has one consumer or one caller.
"""
