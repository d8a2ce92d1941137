"""What runs Daybook: the local servers, compose file and charts."""
