"""The functions of expressions, by what they work on, and the table that names them. PURE."""
