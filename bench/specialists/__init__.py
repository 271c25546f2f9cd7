"""What a user would pick instead of the joint model: plain nets of one task."""
