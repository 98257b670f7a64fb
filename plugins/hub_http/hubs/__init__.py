"""Hub to hub: envelopes pass as they were sealed, verified and countersigned on both sides."""
