"""Prescriptions by secure mail: handed over, answered, told of."""
