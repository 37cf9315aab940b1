"""Where results go: ClickHouse, reports, the auditor. Decides nothing about money or rules and never imports agents."""
