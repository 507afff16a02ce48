"""Passes over a decoded picture, and over stored colours before they are encoded."""
