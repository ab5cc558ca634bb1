"""What would be built and what was built, looked at: nothing is written, and nobody is asked for anything."""
