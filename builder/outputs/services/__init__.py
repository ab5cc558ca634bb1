"""Inner room: what serves a bundle: DHCP, a web server, and the script that carries the files there."""
