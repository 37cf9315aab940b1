"""Re-audit: history audited anew with the same reducer, engine and book as the stream (飞检自查)."""
