"""The explorer: on wrong workflows and right ones, on wrong rules, and beside every history there is."""
