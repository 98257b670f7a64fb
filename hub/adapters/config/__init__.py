"""The configuration file: TOML in, a table that is read strictly out."""
