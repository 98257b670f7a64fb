"""What the core asks of the outside: Protocols and their guarantees."""
