"""The files of deploy/ for real: the units' own commands behind nginx with the very configuration."""
