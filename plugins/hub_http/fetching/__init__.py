"""What an operator holds for the hub, and what it says of what it took: fetched, taken, acknowledged."""
