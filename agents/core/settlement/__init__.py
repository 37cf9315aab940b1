"""Simulated settlement (模拟结算): lines are split, the visit is reckoned, the derivation is kept. Pure."""
