"""The demo world: the whole chain told by the services themselves, so that it cannot contradict them.

Everybody in it is invented; document numbers use the region 999999, which no real person has.
"""
