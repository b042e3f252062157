"""The sandbox's CDN: cache, purges, delivery, pictures."""
