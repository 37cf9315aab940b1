"""Keeps Python's collector of cycles still while hundreds of thousands of rows are made, which hold none.

It would look through all of them again and again: half of the time a full library takes to read.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Inside, nothing is looked through; what was so before holds again afterwards."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
