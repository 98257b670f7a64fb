"""What touches the outside: one sub-package per thing, none imports another."""
