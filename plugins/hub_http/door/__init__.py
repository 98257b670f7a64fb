"""The door at which operators call: webhooks, and messages from other hubs."""
