"""Kinds of rules: management."""

from typing import Any

from agents.core.rules.kind import Kind

KINDS: tuple[Kind[Any], ...] = ()
