"""Who is asked about a key, how, and what the answers mean. Providers are data: `catalog.toml`."""
