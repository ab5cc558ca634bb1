"""What each network backend reads out of ip=, bond=, vlan= and their kin (REFERENCE 1.5, 1.6)."""
