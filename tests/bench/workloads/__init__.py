"""The workloads A to I and P, each from an empty system."""
