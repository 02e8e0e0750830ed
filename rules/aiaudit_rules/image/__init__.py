"""The image: layer order, weight, reproducibility, runtime, correctness."""
