"""The independent auditor: recomputes every total from the raw topics, without the agents' code, and compares."""
