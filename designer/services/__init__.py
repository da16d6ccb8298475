"""Services of workflows and versions: the only writers, and the queries of pages and API."""
