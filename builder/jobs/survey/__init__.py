"""What a tree really serves: found, read, compared, believed."""
