"""How requests prove who makes them."""
