-- 规则的分析视图：疑点、医嘱校验、反馈、规则质量、出院前自查、指标。
-- Views on the rules: findings, order checks, feedback, quality of rules, the check before discharge, indicators.
--
-- A finding is a lead or a fault to look at, never an accusation. Findings of rules on trial (is_shadow) are in the
-- statistics of rules only. The month of a finding is that in which it was opened last; of an order check, when it was
-- asked; both in the hospital's time zone.

CREATE OR REPLACE VIEW v_order AS
SELECT
    hospital, patient_id, visit_id, order_id,
    argMax(kind, moment) AS kind, argMax(item_code, moment) AS item_code,
    argMax(hospital_item_code, moment) AS hospital_item_code, argMax(name, moment) AS name,
    argMax(category, moment) AS category, argMax(level, moment) AS level,
    argMax(quantity_e4, moment) AS quantity_e4,
    toDecimal64(quantity_e4, 4) / 10000 AS quantity, argMax(dose, moment) AS dose,
    argMax(dose_unit, moment) AS dose_unit, argMax(route, moment) AS route,
    argMax(frequency, moment) AS frequency, argMax(days, moment) AS days,
    argMax(unit_price_micro, moment) AS unit_price_micro, argMax(long_term, moment) AS long_term,
    argMax(take_home, moment) AS take_home, argMax(department, moment) AS department, argMax(doctor, moment) AS doctor,
    argMax(doctor_grade, moment) AS doctor_grade, argMax(prescription_id, moment) AS prescription_id,
    argMax(order_group, moment) AS order_group, toTimeZone(min(occurred_at), '${timezone}') AS first_at,
    toTimeZone(max(occurred_at), '${timezone}') AS last_at, count() AS event_count
FROM (SELECT *, (occurred_at, recorded_at, event_id) AS moment FROM order_event FINAL)
GROUP BY hospital, patient_id, visit_id, order_id
COMMENT '医嘱当前状态：最近一次事件为准 | orders as they stand: the latest event says';

CREATE OR REPLACE VIEW v_finding AS
SELECT
    f.hospital AS hospital, toYYYYMM(toTimeZone(f.raised_at, '${timezone}')) AS month, f.finding_id AS finding_id,
    f.patient_id AS patient_id, f.visit_id AS visit_id, f.grade AS grade,
    if(g.name_zh = '', f.grade, g.name_zh) AS grade_zh, f.rule AS rule, f.rule_number AS rule_number,
    f.rule_name_zh AS rule_zh, f.rule_name_en AS rule_en, f.category AS category,
    if(c.name_zh = '', f.category, c.name_zh) AS category_zh, f.phase AS phase,
    if(p.name_zh = '', f.phase, p.name_zh) AS phase_zh, f.scenes AS scenes, f.subject AS subject, f.point AS point,
    f.amount_fen AS amount_fen, toDecimal64(f.amount_fen, 2) / 100 AS amount_yuan, f.what_zh AS what_zh,
    f.clause_zh AS clause_zh, f.clause_source AS clause_source, f.advice_zh AS advice_zh, f.message_zh AS message_zh,
    f.message_en AS message_en, mapFromArrays(f.parameter_name, f.parameter_value) AS parameters,
    mapFromArrays(f.input_name, f.input_value) AS inputs, f.evidence_count AS evidence_count,
    f.department AS department, f.doctor AS doctor, f.ward AS ward, f.bed AS bed,
    toTimeZone(f.raised_at, '${timezone}') AS raised_at, toTimeZone(f.updated_at, '${timezone}') AS updated_at,
    f.times AS times, arrayElement(f.answer_decision, -1) AS last_decision,
    if(d.name_zh = '', last_decision, d.name_zh) AS last_decision_zh, f.policy_version AS policy_version,
    f.version AS version
FROM finding AS f FINAL
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'grade') AS g ON g.code = f.grade
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'rule_category') AS c ON c.code = f.category
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'phase') AS p ON p.code = f.phase
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'decision') AS d
    ON d.code = arrayElement(f.answer_decision, -1)
WHERE f.status = 'open' AND NOT f.is_shadow
COMMENT '成立的疑点，试运行规则除外 | findings that stand, but of rules on trial';

CREATE OR REPLACE VIEW v_finding_evidence AS
SELECT
    f.hospital AS hospital, f.finding_id AS finding_id, f.rule AS rule, f.patient_id AS patient_id,
    f.visit_id AS visit_id, f.status AS status, f.number AS number, f.source AS source, f.line_id AS line_id,
    f.item AS item, f.name AS name, toTimeZone(f.at, '${timezone}') AS at,
    toDecimal64(f.quantity_e4, 4) / 10000 AS quantity, f.line_amount_fen AS amount_fen,
    toDecimal64(f.line_amount_fen, 2) / 100 AS amount_yuan, f.is_violating AS is_violating,
    if(f.is_violating, '违规项', '涉及项') AS is_violating_zh
FROM
(
    SELECT hospital, finding_id, rule, patient_id, visit_id, status, number, source, line_id, item, name, at,
        quantity_e4, line_amount_fen, is_violating
    FROM finding FINAL
    ARRAY JOIN arrayEnumerate(evidence_line_id) AS number, evidence_source AS source, evidence_line_id AS line_id,
        evidence_item AS item, evidence_name AS name, evidence_at AS at, evidence_quantity_e4 AS quantity_e4,
        evidence_amount_fen AS line_amount_fen, evidence_is_violating AS is_violating
    WHERE NOT is_shadow
) AS f
COMMENT '疑点的依据，逐行 | evidence of findings, line by line';

CREATE OR REPLACE VIEW v_finding_by_scene AS
-- Scene 15 (quotas, ratios, self-pay, valuables) is watched by alerts besides, which are counted beside its findings.
-- A finding of several scenes counts in each: sums over scenes count it again.
WITH
    counted AS
    (
        SELECT hospital, toYYYYMM(toTimeZone(raised_at, '${timezone}')) AS month, scene, status, grade, phase,
            amount_fen, patient_id, visit_id, 0 AS is_alert
        FROM finding FINAL
        ARRAY JOIN scenes AS scene
        WHERE NOT is_shadow
        UNION ALL
        SELECT hospital, toYYYYMM(toTimeZone(raised_at, '${timezone}')) AS month, toUInt8(15) AS scene,
            if(status = 'cleared', 'withdrawn', 'open') AS status, '' AS grade, '' AS phase, toInt64(0) AS amount_fen,
            patient_id, visit_id, 1 AS is_alert
        FROM alert FINAL
        WHERE rule IN ('visit_quota', 'case_cost', 'drug_ratio', 'material_ratio', 'self_pay_ratio', 'valuable_drug',
            'consumable', 'department_quota', 'department_drug_ratio', 'department_material_ratio')
    )
SELECT
    k.hospital AS hospital, k.month AS month, k.scene AS scene, any(n.name_zh) AS scene_zh, any(n.name_en) AS scene_en,
    countIf(is_alert = 0) AS findings, countIf(is_alert = 0 AND status = 'open') AS open,
    countIf(is_alert = 0 AND status = 'withdrawn') AS withdrawn,
    countIf(status = 'open' AND grade = 'violation') AS violations,
    countIf(status = 'open' AND grade = 'suspicion') AS suspicions, countIf(status = 'open' AND grade = 'lead') AS leads,
    countIf(status = 'open' AND phase = 'order') AS at_order, countIf(status = 'open' AND phase = 'charge') AS at_charge,
    countIf(status = 'open' AND phase = 'review') AS at_review,
    uniqExactIf((k.patient_id, k.visit_id), is_alert = 0 AND status = 'open') AS visits,
    sumIf(k.amount_fen, status = 'open') AS open_fen, toDecimal64(open_fen, 2) / 100 AS open_yuan,
    countIf(is_alert = 1) AS alerts, countIf(is_alert = 1 AND status = 'open') AS open_alerts
FROM counted AS k
LEFT JOIN (SELECT code, name_zh, name_en FROM code_name FINAL WHERE code_table = 'scene') AS n
    ON n.code = toString(k.scene)
GROUP BY hospital, month, scene
COMMENT '十五类场景：疑点与告警，按月 | the fifteen scenes by month: findings and alerts';

CREATE OR REPLACE VIEW v_finding_by_rule AS
SELECT
    f.hospital AS hospital, toYYYYMM(toTimeZone(f.raised_at, '${timezone}')) AS month, f.rule AS rule,
    any(f.rule_number) AS rule_number, any(f.rule_name_zh) AS rule_zh, any(f.rule_name_en) AS rule_en,
    any(f.category) AS category, countIf(NOT is_shadow) AS findings,
    countIf(NOT is_shadow AND status = 'open') AS open, countIf(NOT is_shadow AND status = 'withdrawn') AS withdrawn,
    countIf(NOT is_shadow AND status = 'open' AND grade = 'violation') AS violations,
    countIf(NOT is_shadow AND status = 'open' AND grade = 'suspicion') AS suspicions,
    countIf(NOT is_shadow AND status = 'open' AND grade = 'lead') AS leads,
    countIf(NOT is_shadow AND status = 'open' AND phase = 'order') AS at_order,
    countIf(NOT is_shadow AND status = 'open' AND phase = 'charge') AS at_charge,
    countIf(NOT is_shadow AND status = 'open' AND phase = 'review') AS at_review,
    uniqExactIf((f.patient_id, f.visit_id), NOT is_shadow AND status = 'open') AS visits,
    sumIf(f.amount_fen, NOT is_shadow AND status = 'open') AS open_fen, toDecimal64(open_fen, 2) / 100 AS open_yuan,
    sumIf(f.amount_fen, NOT is_shadow AND status = 'withdrawn') AS withdrawn_fen,
    toDecimal64(withdrawn_fen, 2) / 100 AS withdrawn_yuan, countIf(is_shadow AND status = 'open') AS on_trial
FROM finding AS f FINAL
GROUP BY hospital, month, rule
COMMENT '疑点按规则、月 | findings by rule and month';

CREATE OR REPLACE VIEW v_finding_by_department AS
SELECT
    f.hospital AS hospital, toYYYYMM(toTimeZone(f.raised_at, '${timezone}')) AS month, f.department AS department,
    count() AS findings, countIf(status = 'open') AS open, countIf(status = 'withdrawn') AS withdrawn,
    countIf(status = 'open' AND grade = 'violation') AS violations,
    countIf(status = 'open' AND grade = 'suspicion') AS suspicions, countIf(status = 'open' AND grade = 'lead') AS leads,
    countIf(status = 'open' AND phase = 'order') AS at_order, countIf(status = 'open' AND phase = 'charge') AS at_charge,
    countIf(status = 'open' AND phase = 'review') AS at_review,
    uniqExactIf((f.patient_id, f.visit_id), status = 'open') AS visits, uniqExactIf(f.rule, status = 'open') AS rules,
    sumIf(f.amount_fen, status = 'open') AS open_fen, toDecimal64(open_fen, 2) / 100 AS open_yuan,
    sumIf(f.amount_fen, status = 'withdrawn') AS withdrawn_fen, toDecimal64(withdrawn_fen, 2) / 100 AS withdrawn_yuan
FROM finding AS f FINAL
WHERE NOT is_shadow
GROUP BY hospital, month, department
COMMENT '疑点按科室、月 | findings by department and month';

CREATE OR REPLACE VIEW v_finding_by_doctor AS
SELECT
    f.hospital AS hospital, toYYYYMM(toTimeZone(f.raised_at, '${timezone}')) AS month, f.doctor AS doctor,
    f.department AS department, count() AS findings, countIf(status = 'open') AS open,
    countIf(status = 'withdrawn') AS withdrawn, countIf(status = 'open' AND grade = 'violation') AS violations,
    countIf(status = 'open' AND grade = 'suspicion') AS suspicions, countIf(status = 'open' AND grade = 'lead') AS leads,
    countIf(status = 'open' AND phase = 'order') AS at_order, countIf(status = 'open' AND phase = 'charge') AS at_charge,
    countIf(status = 'open' AND phase = 'review') AS at_review,
    uniqExactIf((f.patient_id, f.visit_id), status = 'open') AS visits, uniqExactIf(f.rule, status = 'open') AS rules,
    sumIf(f.amount_fen, status = 'open') AS open_fen, toDecimal64(open_fen, 2) / 100 AS open_yuan,
    sumIf(f.amount_fen, status = 'withdrawn') AS withdrawn_fen, toDecimal64(withdrawn_fen, 2) / 100 AS withdrawn_yuan
FROM finding AS f FINAL
WHERE NOT is_shadow
GROUP BY hospital, month, department, doctor
COMMENT '疑点按医师、月 | findings by doctor and month';

CREATE OR REPLACE VIEW v_self_check AS
-- What is to be done before the patient leaves, or before the settlement: of open visits and of unsettled ones.
SELECT
    f.hospital AS hospital, f.department AS department, v.ward AS ward, v.bed AS bed, f.patient_id AS patient_id,
    f.visit_id AS visit_id, v.status AS status, toTimeZone(v.admitted_at, '${timezone}') AS admitted_at,
    toTimeZone(v.discharged_at, '${timezone}') AS discharged_at, v.doctor AS doctor, f.grade AS grade,
    if(g.name_zh = '', f.grade, g.name_zh) AS grade_zh,
    multiIf(f.grade = 'violation', '撤销，或退费红冲', f.grade = 'suspicion', '核减，或说明理由', '由医保办核实') AS action_zh,
    multiIf(f.grade = 'violation', 'withdraw or refund', f.grade = 'suspicion', 'reduce or explain',
        'to be looked at by the insurance office') AS action_en,
    f.rule AS rule, f.rule_name_zh AS rule_zh, f.message_zh AS message_zh, f.message_en AS message_en,
    f.amount_fen AS amount_fen, toDecimal64(f.amount_fen, 2) / 100 AS amount_yuan,
    arrayFilter((line, source, violating) -> source = 'charge' AND violating, f.evidence_line_id, f.evidence_source,
        f.evidence_is_violating) AS charge_ids,
    arrayElement(f.answer_decision, -1) AS last_decision,
    if(d.name_zh = '', last_decision, d.name_zh) AS last_decision_zh, f.finding_id AS finding_id
FROM finding AS f FINAL
INNER JOIN
(
    SELECT hospital, patient_id, visit_id, status, ward, bed, doctor, admitted_at, discharged_at
    FROM visit_fact FINAL
    WHERE status IN ('open', 'discharged') AND settlement_id = ''
) AS v ON v.hospital = f.hospital AND v.patient_id = f.patient_id AND v.visit_id = f.visit_id
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'grade') AS g ON g.code = f.grade
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'decision') AS d
    ON d.code = arrayElement(f.answer_decision, -1)
WHERE f.status = 'open' AND NOT f.is_shadow
COMMENT '出院前自查：未结算就诊的疑点与处理办法 | the check before discharge: what to withdraw, refund or explain';
