"""Reading tables that people send in: files to rows, cells to values, each fault at its cell."""
