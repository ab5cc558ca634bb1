"""The kickstart of a host, rendered and quoted."""
