"""Limits of flow: who begins in the line of a workflow, and what a pause holds up. PURE."""
