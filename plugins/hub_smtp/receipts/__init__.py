"""What is said about a delivery by mail: DSN (RFC 3464) and MDN (RFC 8098), read and written."""
