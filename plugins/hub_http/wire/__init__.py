"""The one way to an operator's servers: connections, their limits, what is told of them."""
