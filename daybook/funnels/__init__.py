"""The meaning of visitors' and orders' events in funnels, as docs/funnels.md defines it."""
