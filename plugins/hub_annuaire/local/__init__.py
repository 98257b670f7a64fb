"""An establishment's own people, services and applications, in files that its people edit.

    [directories.house]
    kind = "local"
    files = ["people.csv", "services.toml"]

Asked before or after the national directories, by its place among the `[directories.*]` tables.
"""
