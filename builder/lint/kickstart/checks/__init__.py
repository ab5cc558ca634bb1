"""The checks, one for each kind of harm. Each takes a Case and tells what it found; lines are the parser's."""
