"""What writes a bundle or a file whole or not at all."""
