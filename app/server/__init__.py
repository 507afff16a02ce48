"""The server of `rayverie serve`: jobs in a bounded queue, pictures and worlds by id, a REST API, A1111's API, and a page.

Needs the extra `web`. Nothing outside this folder imports FastAPI.
"""
