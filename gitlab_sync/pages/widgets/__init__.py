"""What several pages show: tables, charts, fields, progress and errors."""
