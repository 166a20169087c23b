"""What two analyses have in common on events: measured in one pass, in one kernel."""
