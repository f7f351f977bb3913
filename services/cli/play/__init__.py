"""`estafette play`: a scenario against the running system, through the organisations' own pages, on the simulated clock."""
