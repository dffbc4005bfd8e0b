"""Who we talk to: channels, pages, commands; puts everything together."""
