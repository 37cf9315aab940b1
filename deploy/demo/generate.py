"""`python -m deploy.demo.generate --seed 7 --out FILE.ndjson.gz`: the 示例 hospital as a file for `kongfei play`."""

import argparse
import gzip
import json
from pathlib import Path

from deploy.demo.hospital.simulation import FULL, SMALL, Hospital
from deploy.demo.hospital.wire import play_line


def write_play_file(hospital: Hospital, path: Path) -> int:
    """Write every event in order of delivery, duplicates included; returns how many.

    Bad messages are left out: most of them cannot be said in JSON. The same seed writes the same bytes.
    """
    count = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        for message in hospital.batch():
            if message.draft is not None:
                file.write(f"{play_line(message.event_type, message.draft.fields)}\n".encode())
                count += 1
    return count


def main() -> None:
    """Read the command line, write the file and, if asked, what the pipeline must come to."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo.generate", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--small", action="store_true", help="about ten thousand events instead of eighty-eight")
    parser.add_argument("--out", type=Path, required=True, help="the event file, .ndjson.gz")
    parser.add_argument("--expect", type=Path, help="also write the expected totals, .json")
    arguments = parser.parse_args()
    hospital = Hospital(arguments.seed, SMALL if arguments.small else FULL)
    count = write_play_file(hospital, arguments.out)
    print(f"{count} events of {len(hospital.expectation.patient_of)} visits in {arguments.out}")
    if arguments.expect:
        arguments.expect.write_text(json.dumps(hospital.expectation.summary(), ensure_ascii=False, indent=1))
        print(f"expected totals in {arguments.expect}")


if __name__ == "__main__":
    main()
