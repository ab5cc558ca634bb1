"""What a profile, a lock or a bundle is told as: values for people and for programs, of which none is a secret."""
