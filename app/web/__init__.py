"""The explorer in browsers, `rayverie web`: each browser has its own camera in one world, which is painted on this machine.

Needs the extra `web`. Nothing outside this folder imports viser.
"""
