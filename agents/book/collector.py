"""Keeps Python's collector of cycles away from the hundreds of thousands of rows of a full library, which hold none.

While they are made it would look through all of them again and again: half of the time a library takes to read. And
afterwards, now and then, a quarter of a second in which a worker answers nobody.
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


def settle_memory() -> None:
    """After one book took the place of another: let go of the former, and look through what is left no more.

    Takes a few tenths of a second with a full library: once a book, not now and then.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
