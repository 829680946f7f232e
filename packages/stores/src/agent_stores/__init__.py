"""PostgreSQL and Valkey: pools and migrations, and embedded servers for a laptop when no URL is given."""
