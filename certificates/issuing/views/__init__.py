"""Pages of issuing: the public's, the holder's, the office's."""
