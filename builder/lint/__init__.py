"""What others wrote, judged: kickstarts and kernel command lines."""
