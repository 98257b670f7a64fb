"""Caducée: every secure health-messaging operator reaches every other one."""

__version__ = "0.1.0"
