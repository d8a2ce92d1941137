"""Files of reports over HTTP: asked for, looked after, fetched; a worker makes them."""
