"""Rules for rows: validating, cleaning (dates, texts, numbers), enriching, and writing them. PURE."""
