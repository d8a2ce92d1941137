"""Where finished files are kept: a folder, or a bucket of an S3-style service."""
