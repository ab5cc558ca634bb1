"""What a bundle holds while it is made: texts in a spool, and lines that list them in order, however many there are."""
