"""CEL expressions (cel.dev): scanning, compiling and evaluating them within bounds. PURE."""
