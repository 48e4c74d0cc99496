"""Chinese search: ``bigram`` is the backend that settings name, ``words`` what it indexes, ``names`` for lists."""
