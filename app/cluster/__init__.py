"""Workers on several cores, graphics cards and machines, as actors of Ray, behind the protocol of all workers.

Needs the extra `cluster`. Nothing outside this folder imports Ray.
"""
