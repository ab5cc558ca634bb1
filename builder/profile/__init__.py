"""What the user asks for: profiles, hosts, layers, secrets."""
