"""`hub prescription`: what this plugin adds to it."""
