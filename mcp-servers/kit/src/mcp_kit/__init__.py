"""One app factory for all MCP servers: transports, grants, reply budget, errors, refs.

Importing it has Python look for unreachable cycles less often than after every 700 objects, its default: the imports of
fastmcp and of MCP's models make hundreds of thousands that stay, and looking through them is a tenth of a start.
"""

import gc

OBJECTS_BETWEEN_COLLECTIONS = 20_000

gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
