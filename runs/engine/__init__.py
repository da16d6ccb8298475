"""The engine's shell: each event is one unit of work that locks, loads, decides, writes and commits."""
