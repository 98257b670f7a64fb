"""Handing messages to an operator as its description says, and finding out what became of them."""
