"""Upgrades: what earlier releases left in their databases, with runs under way, goes on under this one."""
