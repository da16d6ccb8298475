"""Analysis of definitions: consequences of a failing step, and single steps in isolation. PURE."""
