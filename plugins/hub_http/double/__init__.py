"""A test double of an operator, played from its description, for laptops and tests."""
