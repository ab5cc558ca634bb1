"""What is inside the bytes: kernels, their Xen notes, initrds."""
