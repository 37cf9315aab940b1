"""How to look further: addresses, and commands that can be copied as they stand."""

import shlex
from pathlib import Path

from rich.text import Text

from deploy.demo.screen import Screen
from deploy.demo.stack import DATABASE, Stack

COUNT = "SELECT count() FROM v_visit"
QUERIES = (
    "SELECT visit_id, bed, amount_yuan, quota_used_percent FROM v_visit WHERE quota_used_percent >= 100 LIMIT 10",
    "SELECT level_zh, status_zh, bed, message_zh FROM v_alert ORDER BY updated_at DESC LIMIT 10",
    "SELECT department, month, amount_yuan, drug_percent, mean_stay_days FROM v_department_month ORDER BY 1, 2",
    "SELECT visit_id, field_zh, simulated_yuan, settled_yuan FROM v_settlement_difference WHERE difference_fen != 0",
    "SELECT scene, scene_zh, open, withdrawn, open_yuan FROM v_finding_by_scene ORDER BY scene",
    "SELECT grade_zh, rule_zh, visit_id, amount_yuan, what_zh FROM v_finding ORDER BY amount_fen DESC LIMIT 10",
    "SELECT action_zh, bed, visit_id, rule_zh, amount_yuan FROM v_self_check ORDER BY amount_fen DESC LIMIT 10",
    "SELECT bed, days, cost_yuan, standard_yuan, projected_profit_yuan FROM v_loss_visit ORDER BY 5 LIMIT 10",
)
#: Reckoned from a file, without the pipeline.
COMMANDS = (
    "settle deploy/examples/national_names.json --book deploy/policies/demo",
    "predict deploy/examples/national_names.json --book deploy/policies/demo",
    "settle deploy/examples/resident_critical_illness.json --book deploy/policies/example_shangluo",
    "predict deploy/examples/dip_high_outlier.json --book deploy/policies/example_shangluo",
    "settle deploy/examples/across_year_end.json --book deploy/policies/example_taizhou",
    "book check deploy/policies/demo",
    "rules list --scene 10 --book deploy/policies/demo",
    "rules show 25 --book deploy/policies/demo",
    "audit deploy/examples/audit_inpatient_surgery.json --book deploy/policies/example_taizhou --pre-discharge",
)
#: Asked of the running pipeline and its store.
LIVE_COMMANDS = (
    "check order {folder}/order_3101.json --url {answers}",
    "reaudit --from 2026-03-16 --to 2026-04-05 --rules 25",
)


def guide(screen: Screen, stack: Stack, *, ends: bool) -> None:
    """Print the addresses and examples; `ends`: the servers are about to stop."""
    environment = write_environment(stack)
    node = stack.clickhouse
    screen.heading("进一步查看", "how to look further")
    lines = [
        f"Kafka              {stack.kafka.bootstrap}   alert.v1  finding.v1  order.check.v1  visit.fact.v1",
        f"ClickHouse native  127.0.0.1:{node.tcp}   database {DATABASE}, user default, no password",
        f"ClickHouse HTTP    curl '{node.http_url}/?database={DATABASE}' -d '{COUNT}'",
        f"DBeaver            ClickHouse, 127.0.0.1, port {node.http}, database {DATABASE}, user default",
        f"医嘱校验 order check  {stack.answer_url}/3101  /3102  /3103",
        f"日志 logs           {_short(stack.logs)}",
        "",
        "在另一个终端  in another terminal:",
        f"  source {_short(environment)}",
        *(f'  .venv/bin/kongfei sql "{query}"' for query in QUERIES),
        *(f"  .venv/bin/kongfei {command}" for command in (*live_commands(stack), *COMMANDS)),
        "",
        "DEMO_ONCE=1：到此结束  this run ends here; without DEMO_ONCE it goes on until Ctrl-C"
        if ends
        else "每秒仍有几条新事件，按 Ctrl-C 结束  a few events a second go on; Ctrl-C ends it",
    ]
    for line in lines:
        screen.say_whole(Text(line))


def live_commands(stack: Stack) -> list[str]:
    """Commands for the running pipeline, with its addresses."""
    return [command.format(folder=_short(stack.folder), answers=stack.answer_url) for command in LIVE_COMMANDS]


def write_environment(stack: Stack) -> Path:
    """A file to `source`, so that `kongfei` commands of another terminal find this run."""
    path = stack.folder / "env"
    exports = [f"export {name}={shlex.quote(value)}\n" for name, value in stack.environment.items()]
    path.write_text("".join(exports), encoding="utf-8")
    return path


def _short(path: Path) -> str:
    """Relative to here where it is inside."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
