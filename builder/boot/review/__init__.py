"""Whether a kickstart installs without anybody at the screen, and whether the memory is enough."""
