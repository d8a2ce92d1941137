"""One suite for the fake store and the real one."""
