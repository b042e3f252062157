"""ImageKit's webhooks: who wants to hear of which events, and the telling."""
