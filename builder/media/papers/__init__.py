"""What a bundle says of itself: the manifest, NEXT-STEPS, the SBOM, the in-toto statement, what its machines fetch."""
