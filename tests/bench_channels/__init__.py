"""How the channels hold out: `python -m tests.bench_channels`, see `__main__`."""
