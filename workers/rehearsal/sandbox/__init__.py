"""The process of a rehearsal: its stage, its runs, the guard of everything outside, and the examiner.

`process` is its life. `matrix` plays run after run by the engine in a database of its own (`stage`, `play`);
each attempt is carried out in a process that can be killed (`workers.execution.forked`).
"""
