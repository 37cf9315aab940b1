-- 分析视图：不必知道版本。 Views for analysts: current rows only, refunds resolved, yuan beside fen, names beside codes.
--
-- 元 yuan = Decimal(18, 2)，精确；分 fen = Int64。 Percentages are Decimal(18, 2) of exact basis points; null where the
-- whole is not positive. A code without a name shows itself.

CREATE OR REPLACE VIEW v_charge AS
-- A refund that leaves a field empty takes it from the line it takes back, when that line of the same visit is known:
-- amount and quantity negated (the quantity only with the whole amount), category, class, item and ordering department
-- as they stand there. A refund whose line is not known and which names no amount counts 0 until it comes.
-- The department is the ordering one, else where the patient lay: the segment entered last at or before the charge,
-- before the first one the first.
WITH
    line AS
    (
        SELECT * EXCEPT (category, level, kafka_partition, kafka_offset), category AS category_sent, level AS level_sent
        FROM charge_line FINAL
    ),
    original AS
    (
        SELECT hospital, patient_id, visit_id, charge_id, amount_fen, quantity_e4, category_sent, level_sent, item_code,
            hospital_item_code, ordering_department, 1 AS found
        FROM line
        WHERE (hospital, patient_id, visit_id, charge_id) IN
            (SELECT hospital, patient_id, visit_id, refund_of FROM charge_line FINAL WHERE refund_of != '')
    ),
    resolved AS
    (
        SELECT
            l.hospital AS hospital, l.patient_id AS patient_id, l.visit_id AS visit_id, l.charge_id AS charge_id,
            l.refund_of AS refund_of, l.order_id AS order_id,
            l.refund_of != '' AND ifNull(o.found, 0) = 0 AS is_unmatched,
            if(l.item_code = '' AND l.hospital_item_code = '' AND l.refund_of != '',
                (ifNull(o.item_code, ''), ifNull(o.hospital_item_code, '')),
                (l.item_code, l.hospital_item_code)) AS item,
            ifNull(l.amount_fen, if(l.refund_of = '', 0, -ifNull(o.amount_fen, 0))) AS amount_fen,
            ifNull(l.quantity_e4,
                if(l.refund_of != '' AND ifNull(l.amount_fen = -ifNull(o.amount_fen, 0), 1),
                    -ifNull(o.quantity_e4, 0), 0)) AS quantity_e4,
            l.unit_price_micro AS unit_price_micro,
            if(l.category_sent = '' AND l.refund_of != '', ifNull(o.category_sent, ''), l.category_sent)
                AS category_raw,
            if(l.level_sent = '' AND l.refund_of != '', ifNull(o.level_sent, ''), l.level_sent) AS level_raw,
            if(l.ordering_department = '' AND l.refund_of != '', ifNull(o.ordering_department, ''),
                l.ordering_department) AS named_department,
            l.list_type AS list_type, l.ordering_doctor AS ordering_doctor,
            l.executing_department AS executing_department, l.charged_at AS charged_at, l.charged_on AS charged_on,
            l.month AS month, l.approval AS approval, l.trace_code AS trace_code, l.person_no AS person_no,
            l.event_id AS event_id, l.occurred_at AS occurred_at, l.recorded_at AS recorded_at, l.warnings AS warnings,
            l.ledger_version AS ledger_version
        FROM line AS l
        LEFT JOIN original AS o
            ON o.hospital = l.hospital AND o.patient_id = l.patient_id AND o.visit_id = l.visit_id
            AND o.charge_id = l.refund_of
    ),
    stay AS
    (
        SELECT hospital, patient_id, visit_id, segment_department, segment_entered_at
        FROM visit_fact FINAL
        WHERE notEmpty(segment_department)
    )
SELECT
    r.hospital AS hospital, r.patient_id AS patient_id, r.visit_id AS visit_id, r.charge_id AS charge_id,
    r.refund_of AS refund_of, r.refund_of != '' OR r.amount_fen < 0 AS is_refund, r.is_unmatched AS is_unmatched,
    r.order_id AS order_id, r.item.1 AS item_code, r.item.2 AS hospital_item_code,
    r.quantity_e4 AS quantity_e4, toDecimal64(r.quantity_e4, 4) / 10000 AS quantity,
    r.unit_price_micro AS unit_price_micro,
    r.amount_fen AS amount_fen, toDecimal64(r.amount_fen, 2) / 100 AS amount_yuan,
    multiIf(match(r.category_raw, '^(0[1-9]|1[0-4])$'), r.category_raw,
        match(r.category_raw, '^[1-9]$'), concat('0', r.category_raw), '14') AS category,
    ifNull(c.name_zh, '') AS category_zh,
    multiIf(r.level_raw IN ('01', '1'), '01', r.level_raw IN ('02', '2'), '02', r.level_raw IN ('03', '3'), '03', '')
        AS level,
    multiIf(level = '01', '甲类', level = '02', '乙类', level = '03', '丙类（自费）', '未分类') AS level_zh,
    r.list_type AS list_type,
    if(r.named_department != '', r.named_department,
        ifNull(s.segment_department, [])[greatest(1, arrayLastIndex(at -> at <= r.charged_at, s.segment_entered_at))])
        AS department,
    r.ordering_doctor AS ordering_doctor, r.executing_department AS executing_department,
    toTimeZone(r.charged_at, '${timezone}') AS charged_at, r.charged_on AS charged_on, r.month AS month,
    r.approval AS approval, r.trace_code AS trace_code, r.person_no AS person_no, r.event_id AS event_id,
    toTimeZone(r.occurred_at, '${timezone}') AS occurred_at, toTimeZone(r.recorded_at, '${timezone}') AS recorded_at,
    r.warnings AS warnings, r.ledger_version AS ledger_version
FROM resolved AS r
LEFT JOIN stay AS s ON s.hospital = r.hospital AND s.patient_id = r.patient_id AND s.visit_id = r.visit_id
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'category') AS c ON c.code = category
COMMENT '费用明细：退费已还原，科室已归属 | fee lines, refunds resolved, department settled';

CREATE OR REPLACE VIEW v_order AS
SELECT
    hospital, patient_id, visit_id, order_id,
    argMax(kind, moment) AS kind, argMax(item_code, moment) AS item_code,
    argMax(hospital_item_code, moment) AS hospital_item_code, argMax(quantity_e4, moment) AS quantity_e4,
    toDecimal64(quantity_e4, 4) / 10000 AS quantity, argMax(dose, moment) AS dose,
    argMax(frequency, moment) AS frequency, argMax(days, moment) AS days,
    argMax(unit_price_micro, moment) AS unit_price_micro, argMax(long_term, moment) AS long_term,
    argMax(take_home, moment) AS take_home, argMax(department, moment) AS department, argMax(doctor, moment) AS doctor,
    argMax(doctor_grade, moment) AS doctor_grade, toTimeZone(min(occurred_at), '${timezone}') AS first_at,
    toTimeZone(max(occurred_at), '${timezone}') AS last_at, count() AS event_count
FROM (SELECT *, (occurred_at, recorded_at, event_id) AS moment FROM order_event FINAL)
GROUP BY hospital, patient_id, visit_id, order_id
COMMENT '医嘱当前状态：最近一次事件为准 | orders as they stand: the latest event says';

CREATE OR REPLACE VIEW v_visit AS
SELECT
    f.hospital AS hospital, f.patient_id AS patient_id, f.visit_id AS visit_id, f.status AS status,
    if(status.name_zh = '', f.status, status.name_zh) AS status_zh, f.person_no AS person_no,
    f.insurance_type AS insurance_type,
    if(insurance.name_zh = '', f.insurance_type, insurance.name_zh) AS insurance_type_zh,
    f.coverage_pending AS coverage_pending, f.care_type AS care_type,
    if(care.name_zh = '', f.care_type, care.name_zh) AS care_type_zh, f.person_type AS person_type,
    if(person.name_zh = '', f.person_type, person.name_zh) AS person_type_zh, f.sex AS sex,
    if(sex.name_zh = '', f.sex, sex.name_zh) AS sex_zh, f.birth_date AS birth_date, f.department AS department,
    f.ward AS ward, f.bed AS bed, f.doctor AS doctor, f.main_diagnosis AS main_diagnosis, f.diagnoses AS diagnoses,
    f.procedures AS procedures, f.disease_code AS disease_code, f.discharge_way AS discharge_way,
    f.on_leave AS on_leave, toTimeZone(f.admitted_at, '${timezone}') AS admitted_at,
    toTimeZone(f.discharged_at, '${timezone}') AS discharged_at,
    f.length_of_stay_days AS length_of_stay_days,
    f.amount_fen AS amount_fen, toDecimal64(f.amount_fen, 2) / 100 AS amount_yuan,
    f.basic_fen AS basic_fen, toDecimal64(f.basic_fen, 2) / 100 AS basic_yuan,
    f.gross_fen AS gross_fen, f.refund_fen AS refund_fen,
    f.today_fen AS today_fen, toDecimal64(f.today_fen, 2) / 100 AS today_yuan,
    f.charge_count AS charge_count, f.refund_count AS refund_count, f.unmatched_refund_count AS unmatched_refund_count,
    f.order_count AS order_count, f.transfer_count AS transfer_count, f.antibiotic AS antibiotic,
    toDecimal64(f.drug_bp, 2) / 100 AS drug_percent,
    toDecimal64(f.drug_with_herbal_bp, 2) / 100 AS drug_with_herbal_percent,
    toDecimal64(f.material_bp, 2) / 100 AS material_percent, toDecimal64(f.test_bp, 2) / 100 AS test_percent,
    toDecimal64(f.service_bp, 2) / 100 AS service_percent, toDecimal64(f.self_pay_bp, 2) / 100 AS self_pay_percent,
    toDecimal64(f.catalogue_drug_bp, 2) / 100 AS catalogue_drug_percent,
    f.quota_policy_id AS quota_policy_id, f.quota_basis AS quota_basis, f.quota_fen AS quota_fen,
    toDecimal64(f.quota_fen, 2) / 100 AS quota_yuan, f.quota_used_fen AS quota_used_fen,
    toDecimal64(f.quota_used_bp, 2) / 100 AS quota_used_percent, f.over_4x_fen AS over_4x_fen,
    toDecimal64(f.over_4x_fen, 2) / 100 AS over_4x_yuan, f.open_alerts AS open_alerts, f.worst_level AS worst_level,
    if(level.name_zh = '', f.worst_level, level.name_zh) AS worst_level_zh, f.settlement_id AS settlement_id,
    f.settled_total_fen AS settled_total_fen, toDecimal64(f.settled_total_fen, 2) / 100 AS settled_total_yuan,
    f.settled_fund_fen AS settled_fund_fen, f.settled_patient_fen AS settled_patient_fen,
    f.warning_count AS warning_count, toTimeZone(f.as_of, '${timezone}') AS as_of, f.policy_version AS policy_version,
    f.version AS version
FROM visit_fact AS f FINAL
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'visit_status') AS status
    ON status.code = f.status
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'insurance_type') AS insurance
    ON insurance.code = f.insurance_type
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'care_type') AS care ON care.code = f.care_type
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'person_type') AS person
    ON person.code = f.person_type
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'sex') AS sex ON sex.code = f.sex
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'alert_level') AS level
    ON level.code = f.worst_level
COMMENT '就诊：费用、占比、定额使用 | visits: cost, ratios, use of the quota';

CREATE OR REPLACE VIEW v_visit_category AS
SELECT
    f.hospital AS hospital, f.patient_id AS patient_id, f.visit_id AS visit_id, f.category AS category,
    ifNull(c.name_zh, '') AS category_zh, f.amount_fen AS amount_fen,
    toDecimal64(f.amount_fen, 2) / 100 AS amount_yuan, f.class_a_fen AS class_a_fen, f.class_b_fen AS class_b_fen,
    f.class_c_fen AS class_c_fen, f.unclassified_fen AS unclassified_fen,
    if(f.total_fen > 0, toDecimal64(intDiv(2 * f.amount_fen * 10000 + f.total_fen, 2 * f.total_fen), 2) / 100, NULL)
        AS percent
FROM
(
    SELECT hospital, patient_id, visit_id, visit_fact.amount_fen AS total_fen, category, amount_fen, class_a_fen,
        class_b_fen, class_c_fen, unclassified_fen
    FROM visit_fact FINAL
    ARRAY JOIN category_code AS category, category_amount_fen AS amount_fen, category_class_a_fen AS class_a_fen,
        category_class_b_fen AS class_b_fen, category_class_c_fen AS class_c_fen,
        category_unclassified_fen AS unclassified_fen
) AS f
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'category') AS c ON c.code = f.category
COMMENT '就诊按收费类别，甲乙丙分列 | visits by category and class';

CREATE OR REPLACE VIEW v_visit_department AS
SELECT
    hospital, patient_id, visit_id, department, month, amount, toDecimal64(amount, 2) / 100 AS amount_yuan,
    drug_fen, herbal_fen, material_fen, test_fen, self_pay_fen, lines
FROM visit_fact FINAL
ARRAY JOIN share_department AS department, share_month AS month, share_amount_fen AS amount, share_drug_fen AS drug_fen,
    share_herbal_fen AS herbal_fen, share_material_fen AS material_fen, share_test_fen AS test_fen,
    share_self_pay_fen AS self_pay_fen, share_charge_count AS lines
COMMENT '就诊按科室与月分摊 | visits by department and month';

CREATE OR REPLACE VIEW v_visit_segment AS
SELECT
    hospital, patient_id, visit_id, number, department, ward, bed, toTimeZone(entered, '${timezone}') AS entered_at,
    toTimeZone(left, '${timezone}') AS left_at, amount_fen,
    toDecimal64(amount_fen, 2) / 100 AS amount_yuan
FROM (SELECT * EXCEPT (department, ward, bed, amount_fen) FROM visit_fact FINAL)
ARRAY JOIN arrayEnumerate(segment_department) AS number, segment_department AS department, segment_ward AS ward,
    segment_bed AS bed, segment_entered_at AS entered, segment_left_at AS left, segment_amount_fen AS amount_fen
COMMENT '住院分段：何时在何科室、病区、床位 | stretches of the stay';

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
    toTimeZone(f.as_of, '${timezone}') AS as_of, policy_version, version
FROM department_fact AS f FINAL
COMMENT '科室按月：费用、占比、定额 | departments by month';

CREATE OR REPLACE VIEW v_department_day AS
SELECT
    hospital, department, charged_on, sum(amount) AS amount_fen, toDecimal64(sum(amount), 2) / 100 AS amount_yuan,
    sumIf(amount, category IN ('09', '11')) AS drug_fen, sumIf(amount, category = '10') AS herbal_fen,
    sumIf(amount, category = '08') AS material_fen, sumIf(amount, category IN ('03', '04')) AS test_fen,
    sumIf(amount, level = '03') AS self_pay_fen, count() AS lines, countIf(is_refund) AS refunds,
    uniqExact(patient_id, visit_id) AS visits
FROM (SELECT * EXCEPT amount_fen, amount_fen AS amount FROM v_charge)
GROUP BY hospital, department, charged_on
COMMENT '科室按日 | departments by day';

CREATE OR REPLACE VIEW v_day AS
SELECT
    hospital, charged_on, sum(amount) AS amount_fen, toDecimal64(sum(amount), 2) / 100 AS amount_yuan,
    sumIf(amount, NOT is_refund) AS gross_fen, sumIf(amount, is_refund) AS refund_fen,
    sumIf(amount, category IN ('09', '11')) AS drug_fen, sumIf(amount, category = '10') AS herbal_fen,
    sumIf(amount, category = '08') AS material_fen, sumIf(amount, category IN ('03', '04')) AS test_fen,
    sumIf(amount, level = '03') AS self_pay_fen, count() AS lines, countIf(is_refund) AS refunds,
    uniqExact(patient_id, visit_id) AS visits
FROM (SELECT * EXCEPT amount_fen, amount_fen AS amount FROM v_charge)
GROUP BY hospital, charged_on
COMMENT '全院按日 | the hospital by day';

CREATE OR REPLACE VIEW v_item AS
-- 使用数量、频次、占比: quantity net of refunds, frequency = lines that are not refunds, share of the month's total.
WITH item AS
(
    SELECT
        hospital, month, department, if(item_code != '', item_code, hospital_item_code) AS item, category,
        any(category_zh) AS category_zh, sum(quantity_e4) AS quantity, countIf(NOT is_refund) AS frequency,
        countIf(is_refund) AS refunds, uniqExact(patient_id, visit_id) AS visits, sum(amount_fen) AS amount
    FROM v_charge
    GROUP BY hospital, month, department, item, category
)
SELECT
    hospital, month, department, item, category, category_zh, toDecimal128(quantity, 4) / 10000 AS quantity, frequency,
    refunds, visits, amount AS amount_fen, toDecimal64(amount, 2) / 100 AS amount_yuan,
    sum(amount) OVER (PARTITION BY hospital, month, department) AS department_fen,
    if(department_fen > 0, round(toDecimal64(100 * amount, 4) / department_fen, 2), NULL) AS department_percent,
    sum(amount) OVER (PARTITION BY hospital, month) AS hospital_fen,
    if(hospital_fen > 0, round(toDecimal64(100 * amount, 4) / hospital_fen, 2), NULL) AS hospital_percent
FROM item
COMMENT '项目使用：数量、频次、占比（按月与科室） | items: quantity, frequency, share by month and department';

CREATE OR REPLACE VIEW v_over_4x AS
SELECT
    hospital, toYYYYMM(ifNull(discharged_at, as_of)) AS month, patient_id, visit_id, status_zh, department, ward, bed,
    doctor, main_diagnosis, insurance_type_zh, admitted_at, discharged_at, length_of_stay_days, amount_fen, amount_yuan,
    basic_fen, basic_yuan, quota_basis, quota_fen, quota_yuan, quota_used_percent, over_4x_fen, over_4x_yuan
FROM v_visit
WHERE over_4x_fen > 0
COMMENT '超4倍定额病例 | visits beyond 400 % of their quota';

CREATE OR REPLACE VIEW v_low_cost AS
-- 3000 元以下（含）。 What the 3,000 counts (total or basic cost) differs by region: the list is by total, basic is beside it.
SELECT
    hospital, toYYYYMM(assumeNotNull(discharged_at)) AS month, patient_id, visit_id, department, ward, doctor,
    main_diagnosis, insurance_type_zh, care_type_zh, admitted_at, discharged_at, length_of_stay_days, amount_fen,
    amount_yuan, basic_fen, basic_yuan, order_count
FROM v_visit
WHERE status = 'discharged' AND amount_fen <= 300000
COMMENT '3000元以下（含）出院病例 | discharged visits of at most 3,000 yuan';

CREATE OR REPLACE VIEW v_alert AS
SELECT
    a.alert_id AS alert_id, a.hospital AS hospital, a.rule AS rule,
    if(r.name_zh = '', a.rule, r.name_zh) AS rule_zh, a.subject AS subject, a.episode AS episode, a.level AS level,
    if(l.name_zh = '', a.level, l.name_zh) AS level_zh, a.peak_level AS peak_level, a.status AS status,
    if(s.name_zh = '', a.status, s.name_zh) AS status_zh, a.value AS value, a.threshold AS threshold, a.unit AS unit,
    a.message_zh AS message_zh, a.message_en AS message_en, a.formula AS formula,
    mapFromArrays(a.input_name, a.input_value) AS inputs, a.policy_id AS policy_id, a.policy_version AS policy_version,
    a.policy_source AS policy_source, toTimeZone(a.raised_at, '${timezone}') AS raised_at,
    toTimeZone(a.updated_at, '${timezone}') AS updated_at,
    a.patient_id AS patient_id, a.visit_id AS visit_id, a.department AS department, a.month AS month, a.ward AS ward,
    a.bed AS bed, a.version AS version
FROM alert AS a FINAL
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'alert_rule') AS r ON r.code = a.rule
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'alert_level') AS l ON l.code = a.level
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'alert_status') AS s ON s.code = a.status
COMMENT '告警：每次发作一行，含推导 | alerts, one row an episode, with the derivation';

CREATE OR REPLACE VIEW v_alert_history AS
SELECT
    h.alert_id AS alert_id, h.hospital AS hospital, h.rule AS rule, h.patient_id AS patient_id, h.visit_id AS visit_id,
    h.department AS department, h.month AS month, h.number AS number, toTimeZone(h.at, '${timezone}') AS at,
    h.what AS what,
    if(w.name_zh = '', h.what, w.name_zh) AS what_zh, h.level AS level, h.value AS value, h.unit AS unit,
    h.actor AS actor, h.role AS role, h.decision AS decision, h.reason AS reason, h.event_id AS event_id,
    h.ledger_version AS ledger_version
FROM
(
    SELECT alert_id, hospital, rule, patient_id, visit_id, department, month, unit, number, at, what, level, value,
        event_id, ledger_version, actor, role, decision, reason
    FROM (SELECT * EXCEPT (level, value) FROM alert FINAL)
    ARRAY JOIN arrayEnumerate(history_at) AS number, history_at AS at, history_what AS what, history_level AS level,
        history_value AS value, history_event_id AS event_id, history_version AS ledger_version,
        history_actor AS actor, history_role AS role, history_decision AS decision, history_reason AS reason
) AS h
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'alert_step') AS w ON w.code = h.what
COMMENT '告警经过：触发、升级、答复、解除 | what happened to each alert, step by step';

CREATE OR REPLACE VIEW v_alert_answer AS
SELECT
    h.alert_id AS alert_id, h.hospital AS hospital, h.rule AS rule, h.patient_id AS patient_id, h.visit_id AS visit_id,
    h.department AS department, h.month AS month, h.at AS at, h.actor AS actor, h.role AS role,
    h.decision AS decision, if(d.name_zh = '', h.decision, d.name_zh) AS decision_zh, h.reason AS reason,
    h.event_id AS event_id
FROM v_alert_history AS h
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'decision') AS d ON d.code = h.decision
WHERE h.what = 'acknowledged'
COMMENT '告警答复：谁、何时、如何处置 | answers to alerts';

CREATE OR REPLACE VIEW v_dead_letter AS
-- Without key and original bytes, which may hold patient data: those are in the table.
SELECT
    d.reason AS reason, if(r.name_zh = '', d.reason, r.name_zh) AS reason_zh, r.name_en AS reason_en,
    d.detail AS detail, d.stage AS stage, d.content AS content, d.source_topic AS source_topic,
    d.source_partition AS source_partition, d.source_offset AS source_offset, toTimeZone(d.at, '${timezone}') AS at,
    d.value_bytes AS value_bytes,
    d.value_digest AS value_digest, d.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset
FROM dead_letter AS d FINAL
LEFT JOIN (SELECT code, name_zh, name_en FROM code_name FINAL WHERE code_table = 'reason') AS r ON r.code = d.reason
COMMENT '被拒消息及原因 | refused messages and why';
