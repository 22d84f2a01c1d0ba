"""What a run needs around it: services, edges, processes, scenes, and readings of them."""
