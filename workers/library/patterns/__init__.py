"""Workers of the shipped workflows in `designer.patterns`, one module per pattern."""
