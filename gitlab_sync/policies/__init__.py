"""What a team agrees on: its file, found, validated, made into rules, shown and edited."""
