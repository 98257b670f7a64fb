"""Where a service calls the hub: to say that something happened, or what."""
