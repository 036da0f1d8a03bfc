"""The cloud's side of the fleet session: serves published files, gives orders, hears reports."""
