"""The audit's pages and exports."""
