"""How hypothesis runs here: bounded, without a deadline (shared machines stall), the same examples every time.

`HYPOTHESIS_PROFILE=quick` (`make check`) takes a third of them; `explore` looks for new counterexamples instead: ten
times as many, and others each time.
"""

import os

from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("steady", max_examples=60, derandomize=True, database=None, **_COMMON)
settings.register_profile("quick", max_examples=20, derandomize=True, database=None, **_COMMON)
settings.register_profile("explore", max_examples=600, print_blob=True, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
