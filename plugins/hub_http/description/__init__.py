"""The description of an operator's API: one TOML file, its values, its checks."""
