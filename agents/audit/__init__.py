"""`kongfei audit`: what the rules find in the visit of a file, and what to put right before discharge (出院前自查)."""
