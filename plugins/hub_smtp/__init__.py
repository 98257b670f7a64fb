"""The SMTP and S/MIME connector, both ways."""
