"""What pinboot costs beside its peers and the limits of the machine: `make bench`, `python -m benchmarks NAME`."""
