"""Loads: plans, sending them, and conditions on what became of them."""
