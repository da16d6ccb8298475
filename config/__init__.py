"""Wiring of the product: settings, addresses, middleware. What it wires lives in the packages below."""
