"""Any function of Python as the work of a step, by its name, if a setting allows it."""
