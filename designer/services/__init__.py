"""The only writers of workflows and versions, and what pages and API read of them."""
