"""What is: pyinfra facts over one probe, and pure parsers of what it prints."""
