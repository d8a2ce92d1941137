"""The query module: read-only reports over HTTP, authorized per caller, with their freshness."""
