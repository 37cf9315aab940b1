"""Around the pure allocation (agents/core/allocation): where history comes from, files of people, tables."""
