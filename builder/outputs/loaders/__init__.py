"""One renderer per network boot loader: pxelinux, GRUB and iPXE."""
