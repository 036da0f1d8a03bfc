"""What people install, checked where it will run."""
