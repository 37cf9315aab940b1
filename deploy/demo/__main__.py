"""`python -m deploy.demo` (`make demo`): everything on this machine, one command, no other terminal needed.

Exit status: 0 when all is well, also after Ctrl-C; 1 when a process failed, the auditor found a difference, or a
total is not what the hospital expected. DEMO_ONCE=1 ends after the report.
"""

import argparse
import os
import signal
import sys
import warnings
from pathlib import Path

from rich.text import Text

from deploy.demo.hospital.simulation import FULL, SMALL
from deploy.demo.screen import Screen
from deploy.demo.show import Options, Show
from deploy.demo.stack import DemoFailedError
from deploy.local.kafka import PROJECT_ROOT
from deploy.local.process import ServerFailedError
from streams.settings import PREFIX

FOLDER = PROJECT_ROOT / ".local" / "demo"


def main() -> None:
    """Read the command line and run the demo."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description="The whole pipeline on this machine.")
    parser.add_argument("--seed", type=int, default=7, help="another hospital")
    parser.add_argument("--small", action="store_true", help="about ten thousand events instead of eighty-eight")
    parser.add_argument("--rate", type=float, default=3500, help="at most so many events a second are published")
    parser.add_argument("--keep", action="store_true", help="go on with the data of the last run")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where its data and logs are (erased at start)")
    parser.add_argument("--any-ports", action="store_true", help="free ports instead of 9092, 9000 and 8123")
    arguments = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(PREFIX) or name == "CLICKHOUSE_URL"]:
        del os.environ[name]  # the demo has a configuration of its own
    options = Options(
        folder=arguments.folder.resolve(),
        seed=arguments.seed,
        size=SMALL if arguments.small else FULL,
        per_second=arguments.rate,
        once=os.environ.get("DEMO_ONCE", "") not in {"", "0"},
        keep=arguments.keep,
        usual_ports=not arguments.any_ports,
    )
    sys.exit(run(options))


def run(options: Options) -> int:
    """Run the demo; a signal to end ends it in order."""
    warnings.filterwarnings("ignore", message="(read|open)_text is deprecated", category=DeprecationWarning)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have started us with SIGINT ignored
        signal.signal(number, _interrupt)
    screen = Screen()
    show = Show(options, screen)
    try:
        return show.run()
    except KeyboardInterrupt:
        screen.say("\n已停止  stopped")
        return show.status
    except (DemoFailedError, ServerFailedError) as error:
        screen.say_whole(Text(f"\n✗ 演示失败  the demo failed: {error}"))
        return 1


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
