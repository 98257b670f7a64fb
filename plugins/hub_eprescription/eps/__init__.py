"""NHS England's Electronic Prescription Service (EPS): FHIR R4 message bundles over its public interface."""
