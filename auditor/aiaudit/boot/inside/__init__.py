"""Programs that run in the container which owns the network of a boot: the names, the sinkhole, the probe, the stub.

They are sent there and run by the Python of an image that nobody knows: the standard library alone, as of Python 3.8,
only relative imports, and no module whose import takes long. Orders come as lines of JSON, events leave as such.
"""
