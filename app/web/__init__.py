"""The explorer in browsers, `rayverie web`: each browser has a camera of its own, all walk in one world that is painted here.

Needs the extra `web`. Nothing outside this folder imports viser.
"""
