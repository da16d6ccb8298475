"""Pages and lists with very many runs, entries or steps."""
