"""A run over several processes or machines: partitions of people, each read by a worker."""
