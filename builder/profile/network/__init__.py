"""From the network keys of a profile to the plan of a host."""
