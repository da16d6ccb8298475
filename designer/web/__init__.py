"""Pages and REST calls of workflows: transport only, over `designer.services`."""
