"""One renderer per way to run a guest of KVM: libvirt, QEMU itself, virt-install, Packer."""
