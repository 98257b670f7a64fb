"""The path of a message, one module per step; talks to ports only."""
