"""The agents' endpoint: the REST API as tools of the Model Context Protocol, under `/mcp`."""
