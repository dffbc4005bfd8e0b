"""Looks at everything the service needs and says what to do next: measuring here, judging without I/O."""
