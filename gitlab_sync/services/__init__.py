"""What people ask, from a client to rows and tables. The command line and the pages share it."""
