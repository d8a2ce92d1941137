"""Services under a load of HTTP calls, and the yardstick beside them."""
