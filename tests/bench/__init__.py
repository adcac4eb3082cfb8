"""Figures of one run on one machine. Quote the ratios: the absolute numbers belong to the machine and its load."""
