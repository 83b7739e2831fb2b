"""The decisions: pure functions over values, with no clock, socket, file, log or chance.

Time and jitter come in as numbers; what is to be done comes out as data.
"""
