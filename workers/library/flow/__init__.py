"""Workers that act on this system itself: events for other workflows, and runs of them."""
