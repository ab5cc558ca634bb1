"""Values of the tables of a profile that speak of all its hosts, each checked where it is read."""
