"""Lessons: a dream recorded step by step, the stations that explain it, and the web page that plays it."""
