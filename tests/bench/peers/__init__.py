"""Other engines at the same work: ten steps in a row that do nothing, one run at a time on an idle system."""
