"""Grouping (病种与病组): DIP by directory, DRG by tables or by an installed grouper. Pure; groups only, no prices."""
