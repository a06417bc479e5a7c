"""What is kept on disk, so that it is not read again."""
