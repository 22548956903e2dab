"""Drawn people, scenes and cameras: the parts the synthetic data set is made of."""
