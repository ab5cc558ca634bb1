"""What is left when pinboot is killed, has no room, no permission, or company."""
