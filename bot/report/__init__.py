"""The report: all figures of a period, for programs and for people."""
