"""Imported last by the server that services are forked from: what is loaded by then, the collector of garbage lets be.

A service would else go through all of it again and again, and come to own a copy of each page of memory by doing so.
"""

import gc

gc.collect()
gc.freeze()
