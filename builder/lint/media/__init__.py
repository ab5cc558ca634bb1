"""Files that hold kernel command lines: what each loader or hypervisor would hand to the kernel."""
