"""Wiring, accounts and the helpers of `config.lib`."""
