"""Two-dimensional codes of prescriptions: what they say, how they are drawn, how they are read."""
