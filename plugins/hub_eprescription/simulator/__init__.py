"""The double of both e-prescription services, with faults on demand."""
