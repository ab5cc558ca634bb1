"""Rules that a kickstart is held to by itself, whoever's machine it is: for a host of a profile and for a lone file."""
