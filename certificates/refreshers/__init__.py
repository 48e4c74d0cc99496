"""The two-yearly refresher (回炉): a clock for every worker in post."""
