"""An installation on containers: its files are held against their formats and the lock, and its processes are started
from them."""
