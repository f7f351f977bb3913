"""`estafette play`: a scenario on the running system, through the organisations' own pages and the simulated clock."""
