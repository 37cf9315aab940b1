"""A synthetic hospital on a virtual clock: the same seed gives the same bytes and the same totals.

Pure: no clock, no I/O but the item list that ships beside it, no randomness but `random.Random(seed)`. What it delivers
is what a real HIS delivers: late, twice, out of order, sometimes broken; what it expects of the pipeline is reckoned
while the charges are made (`expectation`), not from the bytes.
"""
