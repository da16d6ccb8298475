"""Rules about the code itself: layout, sizes, words, clocks, addresses, paths in docs."""
