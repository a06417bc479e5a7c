"""How much memory something takes, about."""

from __future__ import annotations

import gc
import sys
from math import inf
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, TracebackType

from gitlab_sync.rules.policy import Policy

_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, TracebackType)
_SHARED = (*_CODE, Policy)
"""What leads on to the rest of the program, and what all visitors share."""

_AT_ONCE = 1000
"""Objects that are looked at together: more take more memory, fewer more time."""


def size_of(thing: object, most: float = inf) -> int:
    """Return about how many bytes `thing` takes, with all that it leads to.

    Of what takes more than `most` it is some number above that: counting takes memory, too.
    Classes, functions, tracebacks and policies do not count. What others hold, too, counts in full.
    It takes some 0.3 s for 30 MB, so it is for what was just made in much longer time. Thread-safe
    if nothing changes `thing` meanwhile.
    """
    seen: set[int] = set()
    size, found = 0, [thing]
    while found and size <= most:
        some, found[-_AT_ONCE:] = found[-_AT_ONCE:], []
        new = {
            id(each): each
            for each in some
            if id(each) not in seen and not isinstance(each, _SHARED)
        }
        seen.update(new)
        size += sum(map(sys.getsizeof, new.values()))
        found += gc.get_referents(*new.values())
    return size
