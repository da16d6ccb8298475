"""What starts runs by itself: schedules, events, webhooks."""
