"""Scripted stays that rules have something to say about, or must be silent about. 示例."""

from typing import Any

from deploy.demo.hospital import rule_codes as rule
from deploy.demo.hospital.case import Case, End, ask, bill
from deploy.demo.hospital.departments import (
    CARDIOLOGY,
    GASTROENTEROLOGY,
    GENERAL_SURGERY,
    NEUROLOGY,
    OBSTETRICS,
    ORTHOPAEDICS,
    RESPIRATORY,
)

OPEN, WITHDRAWN, NOTHING = End
#: The patient about whom the demo asks a live order check.
STILL_HERE = "在院患者，正在使用硝酸甘油"
TRACE = "示例81000000000000000001"
LONG: dict[str, Any] = {"long_term": True, "frequency": "qd"}

WARD_CASES = (
    # ------------------------------------------------------------ charged twice, split, not discounted
    Case("急诊监护费与床位费同收", CARDIOLOGY, 1, {rule.CHARGED_TOGETHER: OPEN}, (bill("TECC", 1),), 3,
         ("I50.000",), age=69),
    Case("急诊监护费与床位费同收，已退", CARDIOLOGY, 3, {rule.CHARGED_TOGETHER: WITHDRAWN},
         (bill("TECC", 1, refunded_after=20),), 3, ("I50.000",), age=58),
    Case("同一切口两台手术均全价", GENERAL_SURGERY, 1, {rule.OPERATION_DISCOUNT: OPEN},
         (bill("OPAP, OPLY, ANES", 0, 14),), 4, ("K35.900",), operation=(0, "47.0100")),
    Case("同一切口第二台手术已折价", GENERAL_SURGERY, 2, {rule.OPERATION_DISCOUNT: NOTHING},
         (bill("OPAP, OPLY 0.5, ANES", 0, 14),), 4, ("K35.900",), operation=(0, "47.0100")),
    Case("一日两次住院诊察费", RESPIRATORY, 2, {rule.QUANTITY_A_DAY: OPEN}, (bill("CONS", 2, 15),), 4, ("J18.900",)),
    Case("一日两次住院诊察费，已退", RESPIRATORY, 4, {rule.QUANTITY_A_DAY: WITHDRAWN},
         (bill("CONS", 1, 15, refunded_after=30),), 4, ("J18.900",)),
    Case("置管术另收留置针", GENERAL_SURGERY, 4, {rule.SERVICE_AND_CONSUMABLE: OPEN}, (bill("TPUN, MCAT", 1),), 3,
         ("K80.101",)),
    Case("置管术另收留置针，已退", GENERAL_SURGERY, 5, {rule.SERVICE_AND_CONSUMABLE: WITHDRAWN},
         (bill("TPUN", 1), bill("MCAT", 1, 11, refunded_after=24)), 3, ("K80.101",)),
    # ------------------------------------------------------------ the stay itself
    Case("出院次日仍有收费", GASTROENTEROLOGY, 2, {rule.OUTSIDE_STAY: OPEN}, (bill("LLIV", 4, 20),), 3, ("K29.500",)),
    Case("出院次日的收费已退", GASTROENTEROLOGY, 4, {rule.OUTSIDE_STAY: WITHDRAWN},
         (bill("LLIV", 4, 20, refunded_after=16),), 3, ("K29.500",)),
    Case("分解住院：前一次", GASTROENTEROLOGY, 0, {rule.SPLIT_STAY: NOTHING}, (bill("OMEP 2", 1),), 4, ("K29.500",),
         "分解住院患者", age=57),
    Case("分解住院：六天后同病同科再入院", GASTROENTEROLOGY, 10, {rule.SPLIT_STAY: OPEN}, (bill("OMEP 2", 1),), 4,
         ("K29.500",), "分解住院患者", age=57),
    Case("前一次住院", RESPIRATORY, 0, {rule.SPLIT_STAY: NOTHING}, (bill("AMBR 3", 1),), 4, ("J44.100",),
         "急诊再入院患者", age=72),
    Case("急诊再入院不算分解", RESPIRATORY, 9, {rule.SPLIT_STAY: NOTHING}, (bill("AMBR 3", 1),), 4, ("J44.100",),
         "急诊再入院患者", age=72, more={"urgent": True}),
    Case("两天住院只做检查", NEUROLOGY, 5, {rule.LOW_STANDARD_STAY: OPEN}, (bill("LBRT, LURT, ECG1"),), 2,
         ("G45.900",), is_idle=True),
    # ------------------------------------------------------------ drugs
    Case("依达拉奉用满 16 天", NEUROLOGY, 0, {rule.DRUG_COURSE: OPEN},
         tuple(bill("EDAR 2", day) for day in range(16)), 16, ("I63.900",), age=66),
    Case("依达拉奉第 15 天已退", NEUROLOGY, 1, {rule.DRUG_COURSE: WITHDRAWN},
         (*(bill("EDAR 2", day) for day in range(14)), bill("EDAR 2", 14, refunded_after=40)), 16, ("I63.900",),
         age=64),
    Case("限生育药品用于妇科住院", OBSTETRICS, 2, {rule.MATERNITY_DRUG: OPEN}, (bill("CARB", 1),), 3, ("D25.900",),
         sex="2", age=36),
    Case("抗菌药物越级使用", GENERAL_SURGERY, 3, {rule.ANTIBIOTIC_LEVEL: OPEN},
         (bill("MERO 3", 1, order={}, doctor=4),), 3, ("K35.900",)),
    Case("孕妇使用利巴韦林", OBSTETRICS, 4, {rule.PREGNANCY_DRUG: OPEN}, (bill("RIBA 2", 1, order={}),), 3,
         ("O20.000",), sex="2", age=28, more={"pregnancy": "1"}),
    Case("孕妇开利巴韦林，看到提示后撤回", OBSTETRICS, 6, {rule.PREGNANCY_DRUG: NOTHING},
         (ask("RIBA 2", 1, finds=(rule.PREGNANCY_DRUG,)),), 3, ("O20.000",), sex="2", age=31, more={"pregnancy": "1"}),
    Case("长期使用硝酸甘油，加开西地那非后撤回", CARDIOLOGY, 2, {rule.INTERACTION: NOTHING},
         (ask("NTGL", 0, is_withdrawn=False, **LONG), ask("SILD", 3, finds=(rule.INTERACTION,))), 5, ("I25.103",)),
    Case(STILL_HERE, CARDIOLOGY, 16, {rule.INTERACTION: NOTHING}, (ask("NTGL", 0, is_withdrawn=False, **LONG),), 5,
         ("I25.103",), age=58, stays=True),
    Case("造影剂无增强扫描", GASTROENTEROLOGY, 5, {rule.DRUG_WITHOUT_SERVICE: OPEN}, (bill("IOHE", 1),), 3,
         ("K85.900",)),
    Case("造影剂与增强扫描同日", GASTROENTEROLOGY, 6, {rule.DRUG_WITHOUT_SERVICE: NOTHING}, (bill("IOHE, CTEN", 1),), 3,
         ("K85.900",)),
    Case("两瓶脂肪乳同一追溯码", GASTROENTEROLOGY, 7, {rule.TRACE_TWICE: OPEN},
         (bill("O3FA", 1, trace_code=TRACE), bill("O3FA", 2, trace_code=TRACE)),
         4, ("K85.900",)),
    Case("自费药品未同意", GENERAL_SURGERY, 6, {rule.CONSENT_MISSING: OPEN}, (bill("THYM 4", 1, consent=False),), 4,
         ("C18.900",), age=62),
    Case("自费药品已同意", GENERAL_SURGERY, 7, {rule.CONSENT_MISSING: NOTHING}, (bill("THYM 4", 1, consent=True),), 4,
         ("C18.900",), age=62),
    # ------------------------------------------------------------ services and consumables
    Case("手功能评定间隔不足", ORTHOPAEDICS, 3, {rule.SERVICE_COURSE: OPEN}, (bill("THAN", 1), bill("THAN", 7)), 9,
         ("S62.600",)),
    Case("支架无置入手术", CARDIOLOGY, 4, {rule.CONSUMABLE_WITHOUT_SERVICE: OPEN}, (bill("MSTE", 1),), 4,
         ("I25.103",), age=61),
    Case("一台手术五枚支架", CARDIOLOGY, 5, {rule.CONSUMABLE_QUANTITY: OPEN}, (bill("OPPC, MSTE 5", 1),), 4,
         ("I21.900",), age=59, operation=(1, "36.0700")),
    Case("心内科使用髋关节假体", CARDIOLOGY, 6, {rule.CONSUMABLE_DEPARTMENT: OPEN}, (bill("MHIP", 1),), 4,
         ("M16.900",), age=74),
    Case("无冠心病使用支架", CARDIOLOGY, 7, {rule.CONSUMABLE_DISEASE: OPEN}, (bill("OPPC, MSTE", 1),), 4,
         ("I10.x05",), age=67, operation=(1, "36.0700")),
)  # fmt: skip
