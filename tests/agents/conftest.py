"""Loads the hypothesis profile."""

import tests.hypothesis_profile  # noqa: F401
