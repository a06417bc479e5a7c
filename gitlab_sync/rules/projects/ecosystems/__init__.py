"""What is known of languages, one table each: their files, their tools, and the usual commands.

To add a language or a tool is to add a line to one of these tables; nothing else has to change.
"""
