"""Integration tests of `config.lib`."""
