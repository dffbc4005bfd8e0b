"""How the channels hold out: `python -m tests.bench_channels [--only chaos|throughput]`.

Prints what each run showed and, as its last line, one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from tests.bench_channels import chaos, throughput
from tests.bench_channels.machines import Database, postgresql
from tests.wires import WIRES

RASA = 52
"""Messages a second of the REST webhook of Rasa 3.6.21, which stores nothing; not of this run."""


@click.command()
@click.option("--only", type=click.Choice(["chaos", "throughput"]), help="One of the two.")
def main(only: str | None) -> None:
    """Measure and print."""
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder, postgresql() as database:
        log = Path(folder) / "log"
        if only != "chaos":
            figures |= _throughput(database, log)
        if only != "throughput":
            figures |= _chaos(database, log)
    click.echo(json.dumps(figures))


def _throughput(database: Database, log: Path) -> dict[str, object]:
    measured = asyncio.run(throughput.measure(database, log))
    ours, echo = statistics.median(measured.ours), statistics.median(measured.echo)
    click.echo(f"ours {ours:.0f} messages/s, bare echo {echo:.0f}, ratio {ours / echo:.2f}")
    click.echo(f"webhook p99 {measured.p99_ms:.0f} ms at {measured.steady_per_s:.0f} messages/s")
    click.echo(f"beside: Rasa's REST server {RASA} messages/s, without storage")
    return {
        "messages_per_s": round(ours, 1),
        "echo_messages_per_s": round(echo, 1),
        "ratio": round(ours / echo, 3),
        "webhook_p99_ms": round(measured.p99_ms, 1),
        "steady_messages_per_s": round(measured.steady_per_s, 1),
        "messages_per_s_runs": [round(run, 1) for run in measured.ours],
        "echo_messages_per_s_runs": [round(run, 1) for run in measured.echo],
    }


def _chaos(database: Database, log: Path) -> dict[str, object]:
    outcomes = {}
    for wire in WIRES:
        outcome = outcomes[wire.channel] = asyncio.run(chaos.suffer(wire, database, log))
        click.echo(
            f"{wire.channel:10} {'as it must be' if outcome.holds else 'NOT AS IT MUST BE'}: {outcome}"
        )
    by_channel = {name: asdict(outcome) for name, outcome in outcomes.items()}
    holds = all(outcome.holds for outcome in outcomes.values())
    return {**chaos.summed(list(outcomes.values())), "holds": holds, "channels": by_channel}


if __name__ == "__main__":
    main()
