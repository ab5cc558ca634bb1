"""How machines come to their installer: as guests of Xen or of KVM, or over the network. A module for each kind."""
