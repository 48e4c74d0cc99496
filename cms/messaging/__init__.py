"""What leaves the system for people: gateways, channels and the outbox."""
