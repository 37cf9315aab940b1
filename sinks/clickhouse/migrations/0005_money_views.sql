-- 结算与支付的分析视图。 Views on settlement and payment: figures in yuan, derivations and methods as rows.
--
-- A visit without a simulated settlement (of before this version, or withdrawn) is in none of them. Lists are kept as
-- the JSON they were published as, which leaves out what is empty: an absent outlier is a normal case.

CREATE OR REPLACE VIEW v_department_month AS
SELECT
    hospital, department, month, amount_fen, toDecimal64(amount_fen, 2) / 100 AS amount_yuan, drug_fen, herbal_fen,
    material_fen, test_fen, self_pay_fen, charge_count, visit_count, responsible_count, discharged_count, bed_days,
    if(discharged_count > 0, toDecimal64(bed_days, 2) / discharged_count, NULL) AS mean_stay_days,
    if(visit_count > 0, toDecimal64(intDiv(amount_fen, visit_count), 2) / 100, NULL) AS mean_amount_yuan,
    basic_fen, quota_fen, toDecimal64(quota_fen, 2) / 100 AS quota_yuan,
    toDecimal64(quota_used_bp, 2) / 100 AS quota_used_percent, over_quota_count, over_4x_count, over_4x_fen,
    toDecimal64(over_4x_fen, 2) / 100 AS over_4x_yuan, toDecimal64(drug_bp, 2) / 100 AS drug_percent,
    toDecimal64(drug_with_herbal_bp, 2) / 100 AS drug_with_herbal_percent,
    toDecimal64(material_bp, 2) / 100 AS material_percent, toDecimal64(test_bp, 2) / 100 AS test_percent,
    toDecimal64(self_pay_bp, 2) / 100 AS self_pay_percent, open_alerts,
    toTimeZone(f.as_of, '${timezone}') AS as_of, policy_version, version,
    fund_fen, toDecimal64(fund_fen, 2) / 100 AS fund_yuan, income_fen, toDecimal64(income_fen, 2) / 100 AS income_yuan,
    profit_fen, toDecimal64(profit_fen, 2) / 100 AS profit_yuan, predicted_profit_fen,
    toDecimal64(predicted_profit_fen, 2) / 100 AS predicted_profit_yuan, loss_count
FROM department_fact AS f FINAL
COMMENT '科室按月：费用、占比、定额、基金、盈亏 | departments by month: cost, ratios, quota, funds, profit';

CREATE OR REPLACE VIEW v_hospital_month AS
SELECT
    hospital, month, amount_fen, toDecimal64(amount_fen, 2) / 100 AS amount_yuan, drug_fen, herbal_fen,
    material_fen, test_fen, self_pay_fen, charge_count, visit_count, responsible_count, discharged_count, bed_days,
    if(discharged_count > 0, toDecimal64(bed_days, 2) / discharged_count, NULL) AS mean_stay_days,
    if(visit_count > 0, toDecimal64(intDiv(amount_fen, visit_count), 2) / 100, NULL) AS mean_amount_yuan,
    basic_fen, quota_fen, toDecimal64(quota_fen, 2) / 100 AS quota_yuan,
    toDecimal64(quota_used_bp, 2) / 100 AS quota_used_percent, over_quota_count, over_4x_count, over_4x_fen,
    toDecimal64(over_4x_fen, 2) / 100 AS over_4x_yuan, toDecimal64(drug_bp, 2) / 100 AS drug_percent,
    toDecimal64(drug_with_herbal_bp, 2) / 100 AS drug_with_herbal_percent,
    toDecimal64(material_bp, 2) / 100 AS material_percent, toDecimal64(test_bp, 2) / 100 AS test_percent,
    toDecimal64(self_pay_bp, 2) / 100 AS self_pay_percent, open_alerts,
    toTimeZone(f.as_of, '${timezone}') AS as_of, policy_version, version,
    fund_fen, toDecimal64(fund_fen, 2) / 100 AS fund_yuan, income_fen, toDecimal64(income_fen, 2) / 100 AS income_yuan,
    profit_fen, toDecimal64(profit_fen, 2) / 100 AS profit_yuan, predicted_profit_fen,
    toDecimal64(predicted_profit_fen, 2) / 100 AS predicted_profit_yuan, loss_count
FROM hospital_fact AS f FINAL
COMMENT '全院按月：同科室按月，每一人次只计一次 | the hospital by month; a visit to two departments counts once';

CREATE OR REPLACE VIEW v_settlement AS
SELECT
    f.hospital AS hospital, f.patient_id AS patient_id, f.visit_id AS visit_id, f.status AS status,
    f.simulated_standing AS standing, if(standing.name_zh = '', f.simulated_standing, standing.name_zh) AS standing_zh,
    f.department AS department, f.insurance_type AS insurance_type, f.care_type AS care_type,
    f.person_type AS person_type, f.special_person AS special_person, f.out_of_area AS out_of_area,
    toTimeZone(f.admitted_at, '${timezone}') AS admitted_at, toTimeZone(f.discharged_at, '${timezone}') AS discharged_at,
    f.simulated_admission_number AS admission_number, f.simulated_year AS year, f.simulated_pool AS pool,
    f.simulated_total_fen AS total_fen, toDecimal64(f.simulated_total_fen, 2) / 100 AS total_yuan,
    toDecimal64(f.simulated_full_self_pay_fen, 2) / 100 AS full_self_pay_yuan,
    toDecimal64(f.simulated_over_limit_fen, 2) / 100 AS over_limit_yuan,
    toDecimal64(f.simulated_first_self_pay_fen, 2) / 100 AS first_self_pay_yuan,
    toDecimal64(f.simulated_within_scope_fen, 2) / 100 AS within_scope_yuan,
    toDecimal64(f.simulated_deductible_fen, 2) / 100 AS deductible_yuan,
    toDecimal64(f.simulated_deductible_standard_fen, 2) / 100 AS deductible_standard_yuan,
    toDecimal64(f.simulated_basic_fund_fen, 2) / 100 AS basic_fund_yuan,
    toDecimal64(f.simulated_pool_share_bp, 2) / 100 AS pool_share_percent,
    toDecimal64(f.simulated_proportion_fen, 2) / 100 AS proportion_yuan,
    toDecimal64(f.simulated_over_cap_fen, 2) / 100 AS over_cap_yuan,
    toDecimal64(f.simulated_over_disease_limit_fen, 2) / 100 AS over_disease_limit_yuan,
    toDecimal64(f.simulated_civil_servant_fen, 2) / 100 AS civil_servant_yuan,
    toDecimal64(f.simulated_enterprise_fen, 2) / 100 AS enterprise_yuan,
    toDecimal64(f.simulated_critical_illness_fen, 2) / 100 AS critical_illness_yuan,
    toDecimal64(f.simulated_large_amount_fen, 2) / 100 AS large_amount_yuan,
    toDecimal64(f.simulated_disabled_fen, 2) / 100 AS disabled_yuan,
    toDecimal64(f.simulated_assistance_fen, 2) / 100 AS assistance_yuan,
    toDecimal64(f.simulated_other_fund_fen, 2) / 100 AS other_fund_yuan,
    f.simulated_fund_total_fen AS fund_total_fen, toDecimal64(f.simulated_fund_total_fen, 2) / 100 AS fund_total_yuan,
    toDecimal64(f.simulated_hospital_part_fen, 2) / 100 AS hospital_part_yuan,
    f.simulated_patient_part_fen AS patient_part_fen,
    toDecimal64(f.simulated_patient_part_fen, 2) / 100 AS patient_part_yuan,
    toDecimal64(f.simulated_account_paid_fen, 2) / 100 AS account_paid_yuan,
    toDecimal64(f.simulated_mutual_aid_paid_fen, 2) / 100 AS mutual_aid_paid_yuan,
    toDecimal64(f.simulated_cash_paid_fen, 2) / 100 AS cash_paid_yuan,
    toDecimal64(f.simulated_test_within_fen, 2) / 100 AS test_within_yuan,
    toDecimal64(f.simulated_test_limit_fen, 2) / 100 AS test_limit_yuan,
    toDecimal64(f.simulated_test_over_fen, 2) / 100 AS test_over_yuan,
    toDecimal64(f.simulated_unmapped_fen, 2) / 100 AS unmapped_yuan,
    toDecimal64(f.simulated_cap_fen, 2) / 100 AS cap_yuan,
    toDecimal64(f.simulated_cap_used_fen, 2) / 100 AS cap_used_yuan,
    f.simulated_benefit_id AS benefit_id, f.simulated_benefit_source AS benefit_source,
    f.simulated_book_version AS book_version, toDecimal64(f.settled_total_fen, 2) / 100 AS settled_total_yuan,
    toDecimal64(f.settled_fund_fen, 2) / 100 AS settled_fund_yuan,
    toDecimal64(f.settled_patient_fen, 2) / 100 AS settled_patient_yuan,
    toDecimal64(f.fund_difference_fen, 2) / 100 AS fund_difference_yuan,
    toTimeZone(f.as_of, '${timezone}') AS as_of, f.version AS version
FROM visit_fact AS f FINAL
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'settlement_standing') AS standing
    ON standing.code = f.simulated_standing
WHERE f.simulated_standing != ''
COMMENT '模拟结算：每次就诊截至目前的结算单 | simulated settlements: the sheet of every visit as it stands';

CREATE OR REPLACE VIEW v_settlement_step AS
SELECT
    f.hospital AS hospital, f.patient_id AS patient_id, f.visit_id AS visit_id, f.number AS number,
    f.step.kind AS kind, if(k.name_zh = '', f.step.kind, k.name_zh) AS kind_zh, f.step.name AS name,
    if(l.name_zh = '', f.step.name, l.name_zh) AS name_zh, f.step.period AS period, f.step.amount_fen AS amount_fen,
    toDecimal64(f.step.amount_fen, 2) / 100 AS amount_yuan,
    CAST(arrayMap(i -> (
            multiIf(i <= length(f.names), f.names[i],
                f.step.kind = 'layer', concat('band', toString(intDiv(i - 6, 3) + 1), '_',
                    ['amount_fen', 'share_bp', 'paid_fen'][(i - 6) % 3 + 1]),
                concat('number', toString(i))),
            f.step.numbers[i]),
        arrayEnumerate(f.step.numbers)), 'Map(String, Int64)') AS numbers,
    f.step.entry_id AS entry_id
FROM
(
    SELECT hospital, patient_id, visit_id, number, step,
        map('lines', ['full_self_pay_fen', 'over_limit_fen', 'first_self_pay_fen', 'within_scope_fen', 'unmapped_fen'],
            'test_limit', ['within_scope_fen', 'limit_fen', 'before_fen', 'all_within_scope_fen'],
            'scope_limit', ['within_scope_fen', 'limit_fen', 'used_before_fen', 'is_yearly'],
            'deductible', ['admission_number', 'standard_fen', 'paid_before_fen', 'reckoned_fen', 'is_yearly'],
            'band', ['amount_fen', 'from_fen', 'to_fen', 'share_bp', 'factor_bp', 'less_bp'],
            'fund_limit', ['fund_before_fen', 'limit_fen', 'used_before_fen', 'is_yearly'],
            'cap', ['fund_before_fen', 'cap_fen', 'paid_before_fen'],
            'taken_back', ['within_scope_fen'],
            'layer', ['base_fen', 'base_before_fen', 'deductible_fen', 'paid_before_fen', 'cap_fen'],
            'account', ['eligible_fen', 'balance_fen', 'is_usable'],
            'cash', ['patient_part_fen', 'account_paid_fen', 'mutual_aid_paid_fen'])[step.kind] AS names
    FROM
    (
        SELECT hospital, patient_id, visit_id,
            JSONExtract(simulated_steps, 'Array(Tuple(kind String, amount_fen Int64, numbers Array(Int64), entry_id String, period Int32, name String))')
                AS steps
        FROM visit_fact FINAL
        WHERE simulated_steps != ''
    )
    ARRAY JOIN arrayEnumerate(steps) AS number, steps AS step
) AS f
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'settlement_step') AS k ON k.code = f.step.kind
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'settlement_layer') AS l ON l.code = f.step.name
COMMENT '模拟结算推导：逐步、带数、带依据条目 | how a settlement was reckoned: step by step, with figures and entries';

CREATE OR REPLACE VIEW v_settlement_period AS
SELECT
    hospital, patient_id, visit_id, number, period.year AS year,
    addDays(toDate32('1970-01-01'), period.first_day) AS first_on, addDays(toDate32('1970-01-01'), period.last_day) AS last_on,
    toDecimal64(period.total_fen, 2) / 100 AS total_yuan,
    toDecimal64(period.within_scope_fen, 2) / 100 AS within_scope_yuan,
    toDecimal64(period.deductible_fen, 2) / 100 AS deductible_yuan,
    toDecimal64(period.base_fen, 2) / 100 AS base_yuan, toDecimal64(period.basic_fund_fen, 2) / 100 AS basic_fund_yuan,
    toDecimal64(period.layers_fen, 2) / 100 AS layers_yuan, period.fund_total_fen AS fund_total_fen,
    toDecimal64(period.fund_total_fen, 2) / 100 AS fund_total_yuan,
    toDecimal64(period.patient_part_fen, 2) / 100 AS patient_part_yuan
FROM
(
    SELECT hospital, patient_id, visit_id,
        JSONExtract(simulated_periods, 'Array(Tuple(year Int32, first_day Int32, last_day Int32, total_fen Int64, within_scope_fen Int64, deductible_fen Int64, base_fen Int64, basic_fund_fen Int64, layers_fen Int64, fund_total_fen Int64, patient_part_fen Int64))')
            AS periods
    FROM visit_fact FINAL
    WHERE simulated_periods != ''
)
ARRAY JOIN arrayEnumerate(periods) AS number, periods AS period
COMMENT '分段结算：中途结算或跨年度的各段 | visits settled in parts: up to a mid-stay settlement, or to the year''s end';

CREATE OR REPLACE VIEW v_settlement_difference AS
-- The insurer's figures: the latest final settlement, unless it was withdrawn, with the mid-stay ones before it. A
-- settlement that states no line split is not compared in those four fields.
WITH
    ['total', 'full_self_pay', 'over_limit', 'first_self_pay', 'within_scope', 'deductible', 'basic_fund',
        'civil_servant', 'enterprise', 'critical_illness', 'large_amount', 'disabled', 'assistance', 'other_fund',
        'fund_total', 'hospital_part', 'patient_part', 'account_paid', 'mutual_aid_paid', 'cash_paid'] AS fields,
    latest AS
    (
        SELECT hospital, patient_id, visit_id, settlement_id, max(mid_stay) AS is_mid_stay,
            argMax(kind, moment) AS last_kind, argMax(event_amounts, moment) AS amounts, max(moment) AS last_moment
        FROM
        (
            SELECT hospital, patient_id, visit_id, settlement_id, mid_stay, kind,
                (occurred_at, recorded_at, event_id) AS moment,
                [total_fen, full_self_pay_fen, over_limit_fen, first_self_pay_fen, within_scope_fen, deductible_fen,
                    basic_fund_fen, civil_servant_fen, enterprise_fen, critical_illness_fen, large_amount_fen,
                    disabled_fen, assistance_fen, other_fund_fen, fund_total_fen, hospital_part_fen, patient_part_fen,
                    account_paid_fen, mutual_aid_paid_fen, cash_paid_fen] AS event_amounts
            FROM settlement_event FINAL
        )
        GROUP BY hospital, patient_id, visit_id, settlement_id
    ),
    settled AS
    (
        SELECT hospital, patient_id, visit_id, argMaxIf(settlement_id, last_moment, NOT is_mid_stay) AS final_id,
            argMaxIf(last_kind, last_moment, NOT is_mid_stay) AS final_kind,
            arrayMap((one, other) -> one + other, argMaxIf(amounts, last_moment, NOT is_mid_stay),
                arrayResize(sumForEachIf(amounts, is_mid_stay AND last_kind = 'settled'), length(fields)))
                AS settled_amounts
        FROM latest
        GROUP BY hospital, patient_id, visit_id
        HAVING countIf(NOT is_mid_stay) > 0 AND final_kind = 'settled'
    )
SELECT
    d.hospital AS hospital, d.patient_id AS patient_id, d.visit_id AS visit_id, d.settlement_id AS settlement_id,
    d.department AS department, d.insurance_type AS insurance_type, d.care_type AS care_type, d.field AS field,
    if(n.name_zh = '', d.field, n.name_zh) AS field_zh, d.simulated_fen AS simulated_fen, d.settled_fen AS settled_fen,
    d.simulated_fen - d.settled_fen AS difference_fen, toDecimal64(d.simulated_fen, 2) / 100 AS simulated_yuan,
    toDecimal64(d.settled_fen, 2) / 100 AS settled_yuan, toDecimal64(difference_fen, 2) / 100 AS difference_yuan
FROM
(
    SELECT f.hospital AS hospital, f.patient_id AS patient_id, f.visit_id AS visit_id, s.final_id AS settlement_id,
        f.department AS department, f.insurance_type AS insurance_type, f.care_type AS care_type, field,
        simulated_fen, settled_fen
    FROM
    (
        SELECT hospital, patient_id, visit_id, department, insurance_type, care_type,
            arrayMap(amount -> assumeNotNull(amount), [simulated_total_fen, simulated_full_self_pay_fen,
                simulated_over_limit_fen, simulated_first_self_pay_fen, simulated_within_scope_fen,
                simulated_deductible_fen, simulated_basic_fund_fen, simulated_civil_servant_fen,
                simulated_enterprise_fen, simulated_critical_illness_fen, simulated_large_amount_fen,
                simulated_disabled_fen, simulated_assistance_fen, simulated_other_fund_fen, simulated_fund_total_fen,
                simulated_hospital_part_fen, simulated_patient_part_fen, simulated_account_paid_fen,
                simulated_mutual_aid_paid_fen, simulated_cash_paid_fen]) AS amounts
        FROM visit_fact FINAL
        WHERE simulated_standing != ''
    ) AS f
    INNER JOIN settled AS s ON s.hospital = f.hospital AND s.patient_id = f.patient_id AND s.visit_id = f.visit_id
    ARRAY JOIN fields AS field, f.amounts AS simulated_fen, s.settled_amounts AS settled_fen
    WHERE field NOT IN ('full_self_pay', 'over_limit', 'first_self_pay', 'within_scope')
        OR arrayExists(amount -> amount != 0, arraySlice(s.settled_amounts, 2, 4))
) AS d
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'settlement_field') AS n ON n.code = d.field
COMMENT '模拟结算与实际结算逐项差异 | simulated and real settlements, field by field';
