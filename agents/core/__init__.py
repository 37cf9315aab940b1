"""The hospital's rules as pure functions: no I/O, no clock, no logging. `reduce` applies one entry to one visit."""
