"""Make it so: pyinfra deploys and operations that follow a plan."""
