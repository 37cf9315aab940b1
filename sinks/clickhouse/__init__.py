"""ClickHouse: tables and views as numbered migrations, records as rows, blocks, and the writer that inserts them."""
