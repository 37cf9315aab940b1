"""What travels: events, ledger entries, facts, alerts, reasons, the one codec. Imports nothing of ours, does no I/O."""
