"""The parts of a rehearsal by themselves."""
