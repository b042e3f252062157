"""What a person has ticked, and lists to tick from."""
