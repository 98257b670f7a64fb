"""`hub operator`: what descriptions of operators are checked, tried and simulated with."""
