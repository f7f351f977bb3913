"""`estafette documents`: the reference pages in docs/ that are made from the tables."""
