"""Paths, intrinsic functions, JSONata, templates and rules of a machine → CEL. PURE."""
