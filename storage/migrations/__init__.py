"""The history of the schema; the code of the day must always run under the newest revision."""
