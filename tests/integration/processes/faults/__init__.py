"""Disks, clocks, memory, frozen processes and a lost Redis: nothing is lost or done twice."""
