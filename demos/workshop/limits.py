"""What a learner's file may take: the probe, the container and the messages read these numbers."""

SECONDS = 3.0  # for the learner's file; a check takes 0.03
OUTPUT = 1_000_000  # bytes that a file may print
MEMORY = 512 * 1024 * 1024  # bytes
