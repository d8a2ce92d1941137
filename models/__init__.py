"""What is stored: one file a document family, each field saying how it comes about."""
