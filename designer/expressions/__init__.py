"""CEL expressions: parsing, bounds, evaluation. PURE."""
