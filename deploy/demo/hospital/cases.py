"""All scripted cases of the rules, and the rules that find nothing in this hospital but what was scripted."""

from deploy.demo.hospital import rule_codes as rule
from deploy.demo.hospital.clinic_cases import CLINIC_CASES
from deploy.demo.hospital.ward_cases import WARD_CASES

CASES = (*CLINIC_CASES, *WARD_CASES)

#: Everyday care gives these no cause: what they find is what the cases say, no more and no less.
ONLY_SCRIPTED = frozenset({
    rule.WORK_INJURY_DRUG, rule.MATERNITY_DRUG, rule.HERB_NEVER_PAID, rule.HERB_ALONE, rule.SECOND_LINE,
    rule.CHILD_DRUG, rule.DRUG_INDICATION, rule.SUPPLY, rule.DISEASE_CATALOGUE, rule.DRUG_MODE,
    rule.OPERATION_DISCOUNT, rule.NEWBORN_SERVICE, rule.SERVICE_INDICATION, rule.SERVICE_DEPARTMENT,
    rule.SERVICE_MODE, rule.SERVICE_COURSE, rule.CHARGED_TOGETHER, rule.SPLIT_BUNDLE, rule.QUANTITY_A_DAY,
    rule.SERVICE_TOTAL, rule.SERVICE_AGE, rule.SERVICE_AND_CONSUMABLE, rule.OUTSIDE_STAY, rule.DRUG_COUNT,
    rule.ONLINE_DRUG, rule.DIAGNOSIS_SEX, rule.DRUG_WITHOUT_SERVICE, rule.CHILDREN_ONLY_DRUG,
    rule.NOT_FOR_CHILDREN, rule.DRUG_SEX, rule.DAILY_DOSE, rule.DRUG_CONTRAINDICATION,
    rule.ELDERLY_DRUG, rule.PREGNANCY_DRUG, rule.INTERACTION, rule.HERBAL_PAIR, rule.HERB_BEYOND_ORDER,
    rule.TEST_WITHOUT_INDICATION, rule.CHILDREN_SERVICE, rule.SERVICE_SEX, rule.SERVICE_CONTRAINDICATION,
    rule.SERVICE_OFF_INDICATION, rule.CONSUMABLE_DEPARTMENT, rule.CONSUMABLE_QUANTITY, rule.CONSUMABLE_SEX,
    rule.CONSUMABLE_DISEASE, rule.TRACE_TWICE, rule.OVERLAPPING_SUPPLY, rule.CONSENT_MISSING,
})  # fmt: skip
