"""Reports of audience segments, their members, and why people are in them."""
