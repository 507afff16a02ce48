"""What happens to a picture once it is decoded, and to the stored picture before it is encoded."""
