"""The server of `rayverie mcp`: the actions of app.server as tools of the Model Context Protocol, over stdin and stdout.

Needs the extra `web`. Nothing outside this folder imports the package `mcp`.
"""
