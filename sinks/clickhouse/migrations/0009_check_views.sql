-- 医嘱校验、反馈、规则质量、历史复核、指标的分析视图。
-- Views on order checks, feedback, the quality of rules, re-audits, indicators.

CREATE OR REPLACE VIEW v_order_check AS
SELECT
    c.hospital AS hospital, toYYYYMM(toTimeZone(c.at, '${timezone}')) AS month, c.request_id AS request_id,
    c.patient_id AS patient_id, c.visit_id AS visit_id, toTimeZone(c.at, '${timezone}') AS at, c.via AS via,
    c.scene AS scene, c.outcome AS outcome, if(o.name_zh = '', c.outcome, o.name_zh) AS outcome_zh, c.reason AS reason,
    if(u.name_zh = '', c.reason, u.name_zh) AS reason_zh, c.detail AS detail, c.order_ids AS order_ids,
    c.finding_count AS findings, c.amount_fen AS amount_fen, toDecimal64(c.amount_fen, 2) / 100 AS amount_yuan,
    mapFromArrays(c.not_checked_rule, c.not_checked_why) AS not_checked, c.took_us AS took_us,
    c.policy_version AS policy_version, c.version AS version
FROM order_check AS c FINAL
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'check_outcome') AS o ON o.code = c.outcome
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'unfinished') AS u ON u.code = c.reason
COMMENT '医嘱校验：每次请求的答复 | order checks and what was answered';

CREATE OR REPLACE VIEW v_order_check_finding AS
SELECT
    c.hospital AS hospital, toYYYYMM(toTimeZone(c.at, '${timezone}')) AS month, c.request_id AS request_id,
    c.patient_id AS patient_id, c.visit_id AS visit_id, toTimeZone(c.at, '${timezone}') AS at, c.via AS via,
    c.f.finding_id AS finding_id, c.f.rule AS rule, c.f.rule_number AS rule_number, c.f.rule_name_zh AS rule_zh,
    c.f.rule_name_en AS rule_en, c.f.category AS category, c.f.grade AS grade,
    if(g.name_zh = '', c.f.grade, g.name_zh) AS grade_zh, c.f.scenes AS scenes, c.f.subject AS subject,
    c.f.is_shadow AS is_shadow, c.f.amount_fen AS amount_fen, toDecimal64(c.f.amount_fen, 2) / 100 AS amount_yuan,
    c.f.message_zh AS message_zh, c.f.message_en AS message_en, c.f.department AS department, c.f.doctor AS doctor
FROM
(
    SELECT hospital, request_id, patient_id, visit_id, at, via, f
    FROM
    (
        SELECT hospital, request_id, patient_id, visit_id, at, via,
            JSONExtract(findings, 'Array(Tuple(finding_id String, rule String, rule_number UInt16, rule_name_zh String, rule_name_en String, category String, grade String, scenes Array(UInt8), subject String, is_shadow Bool, amount_fen Int64, message_zh String, message_en String, department String, doctor String))')
                AS found
        FROM order_check FINAL
        WHERE findings != ''
    )
    ARRAY JOIN found AS f
) AS c
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'grade') AS g ON g.code = c.f.grade
COMMENT '医嘱校验的疑点，逐条 | findings of order checks, one by one';

CREATE OR REPLACE VIEW v_order_check_month AS
SELECT
    hospital, toYYYYMM(toTimeZone(at, '${timezone}')) AS month, via, count() AS checks,
    countIf(outcome = 'passed') AS passed, countIf(outcome = 'findings') AS with_findings,
    countIf(outcome = 'unfinished') AS unfinished, countIf(reason = 'out_of_time') AS out_of_time,
    countIf(reason = 'no_owner') AS no_owner, countIf(reason = 'not_ready') AS not_ready,
    countIf(reason = 'engine_error') AS engine_error, countIf(reason = 'overloaded') AS overloaded,
    round(toDecimal64(100 * unfinished, 4) / checks, 2) AS unfinished_percent,
    quantileExactIf(0.5)(took_us, outcome != 'unfinished') AS p50_us,
    quantileExactIf(0.99)(took_us, outcome != 'unfinished') AS p99_us
FROM order_check FINAL
GROUP BY hospital, month, via
COMMENT '医嘱校验按月：结果、未完成原因、耗时 | order checks by month: outcomes, why unfinished, time taken';

CREATE OR REPLACE VIEW v_feedback AS
-- 采纳整改 (adopted: 返回修改、转自费、删除医嘱) or 坚持提交 (insisted: 继续执行、说明合理); an answer that says neither is noted.
-- One row an answer to a finding, or to a finding of an order check (jr_id); is_latest: the one that counts.
WITH
    known AS
    (
        SELECT finding_id, rule, rule_number, rule_name_zh AS rule_zh, grade, amount_fen, department, doctor,
            'finding' AS origin
        FROM finding FINAL
        UNION ALL
        SELECT finding_id, rule, rule_number, rule_zh, grade, amount_fen, department, doctor, 'order_check' AS origin
        FROM v_order_check_finding
    )
SELECT
    a.hospital AS hospital, toYYYYMM(toTimeZone(a.occurred_at, '${timezone}')) AS month,
    toTimeZone(a.occurred_at, '${timezone}') AS at, a.alert_id AS finding_id,
    if(k.origin = '', 'order_check', k.origin) AS origin, k.rule AS rule, k.rule_number AS rule_number,
    k.rule_zh AS rule_zh, k.grade AS grade, k.amount_fen AS amount_fen,
    toDecimal64(k.amount_fen, 2) / 100 AS amount_yuan, a.patient_id AS patient_id, a.visit_id AS visit_id,
    k.department AS department, k.doctor AS doctor, a.actor AS actor, a.role AS role, a.decision AS decision,
    if(d.name_zh = '', a.decision, d.name_zh) AS decision_zh,
    multiIf(a.decision IN ('revise', 'self_pay', 'delete'), 'adopted', a.decision IN ('continue', 'justified'),
        'insisted', a.decision = 'false_alarm', 'false_alarm', 'noted') AS outcome,
    multiIf(outcome = 'adopted', '采纳整改', outcome = 'insisted', '坚持提交', outcome = 'false_alarm', '误报', '已阅')
        AS outcome_zh,
    a.reason AS reason,
    row_number() OVER (PARTITION BY a.hospital, a.alert_id
        ORDER BY a.occurred_at DESC, a.ledger_version DESC) = 1 AS is_latest,
    a.event_id AS event_id
FROM alert_ack AS a FINAL
LEFT JOIN known AS k ON k.finding_id = a.alert_id
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'decision') AS d ON d.code = a.decision
WHERE startsWith(a.alert_id, 'jr-') OR k.origin != ''
COMMENT '反馈：采纳整改与坚持提交 | feedback: adopted or insisted';

CREATE OR REPLACE VIEW v_order_check_by_rule AS
-- One row a rule that found something, or that could not be judged. Shares are of those answered.
WITH
    fact AS
    (
        SELECT hospital, month, rule, rule_zh, toUInt64(NOT is_shadow) AS finding, toUInt64(is_shadow) AS trial,
            toUInt64(0) AS gap, if(is_shadow, 0, amount_fen) AS amount, request_id, finding_id
        FROM v_order_check_finding
        UNION ALL
        SELECT hospital, toYYYYMM(toTimeZone(at, '${timezone}')) AS month, name AS rule, '' AS rule_zh, toUInt64(0),
            toUInt64(0), toUInt64(1), toInt64(0), '' AS request_id, '' AS finding_id
        FROM order_check FINAL
        ARRAY JOIN not_checked_rule AS name
    ),
    answer AS
    (
        SELECT finding_id, outcome FROM v_feedback WHERE is_latest
    )
SELECT
    f.hospital AS hospital, f.month AS month, f.rule AS rule, max(f.rule_zh) AS rule_zh,
    uniqExactIf(f.request_id, f.finding = 1) AS checks, sum(f.finding) AS findings, sum(f.trial) AS on_trial,
    sum(f.gap) AS not_judged, sum(f.amount) AS found_fen, toDecimal64(found_fen, 2) / 100 AS found_yuan,
    countIf(a.outcome != '' AND f.finding = 1) AS answered, countIf(a.outcome = 'adopted' AND f.finding = 1) AS adopted,
    countIf(a.outcome = 'insisted' AND f.finding = 1) AS insisted,
    countIf(a.outcome = 'false_alarm' AND f.finding = 1) AS false_alarms,
    if(answered > 0, round(toDecimal64(100 * adopted, 4) / answered, 2), NULL) AS adopted_percent,
    if(answered > 0, round(toDecimal64(100 * insisted, 4) / answered, 2), NULL) AS insisted_percent
FROM fact AS f
LEFT JOIN answer AS a ON a.finding_id = f.finding_id
GROUP BY hospital, month, rule
COMMENT '医嘱校验按规则、月：疑点、未能判断、采纳率 | order checks by rule and month: findings, not judged, share adopted';

CREATE OR REPLACE VIEW v_rule_quality AS
-- 误报 marked three times or more: the rule is to be reviewed again. Findings withdrawn were mended, or were none.
WITH
    fact AS
    (
        SELECT hospital, rule, rule_name_zh AS rule_zh, is_shadow, status = 'withdrawn' AS is_withdrawn, 0 AS is_check
        FROM finding FINAL
        UNION ALL
        SELECT hospital, rule, rule_zh, is_shadow, false, 1 FROM v_order_check_finding
    ),
    answer AS
    (
        SELECT hospital, rule, count() AS answers, countIf(outcome = 'false_alarm') AS false_alarms,
            countIf(outcome = 'adopted') AS adopted, countIf(outcome = 'insisted') AS insisted
        FROM v_feedback
        WHERE is_latest
        GROUP BY hospital, rule
    )
SELECT
    f.hospital AS hospital, f.rule AS rule, any(f.rule_zh) AS rule_zh,
    countIf(NOT f.is_shadow AND f.is_check = 0) AS findings,
    countIf(NOT f.is_shadow AND f.is_check = 0 AND f.is_withdrawn) AS withdrawn,
    countIf(NOT f.is_shadow AND f.is_check = 1) AS check_findings, countIf(f.is_shadow) AS on_trial,
    any(a.answers) AS answered, any(a.adopted) AS adopted_count, any(a.insisted) AS insisted_count,
    any(a.false_alarms) AS false_alarm_count,
    if(answered > 0, round(toDecimal64(100 * false_alarm_count, 4) / answered, 2), NULL) AS false_alarm_percent,
    false_alarm_count >= 3 AS is_review_due
FROM fact AS f
LEFT JOIN answer AS a ON a.hospital = f.hospital AND a.rule = f.rule
GROUP BY hospital, rule
COMMENT '规则质量：疑点、试运行、误报率、是否应复审 | quality of rules: findings, on trial, false alarms, whether a review is due';

CREATE OR REPLACE VIEW v_reaudit AS
SELECT
    hospital, run_id, toTimeZone(any(run_at), '${timezone}') AS began_at, any(run_first) AS first_day,
    any(run_last) AS last_day, any(run_policy_version) AS policy_version, rule, any(rule_name_zh) AS rule_zh,
    countIf(standing != 'gone') AS found, countIf(standing = 'new') AS new, countIf(standing = 'changed') AS changed,
    countIf(standing = 'same') AS same, countIf(standing = 'gone') AS gone, sum(amount_fen) AS found_fen,
    toDecimal64(found_fen, 2) / 100 AS found_yuan, sum(ifNull(stored_amount_fen, 0)) AS stored_fen,
    toDecimal64(stored_fen, 2) / 100 AS stored_yuan
FROM reaudit_finding FINAL
WHERE NOT is_shadow
GROUP BY hospital, run_id, rule
COMMENT '历史复核：每批次每规则，新增、一致、变动、不再成立 | re-audits by run and rule: new, same, changed, gone';

CREATE OR REPLACE VIEW v_indicator AS
-- 国家统计指标 #56–#59 (shares of costs, by the ordering department and month of the charges) and #63 (unplanned
-- readmission within 31 days, by department and month of the former discharge). The indicators of single items (#60 CT,
-- #61 MRI) are findings of their rules, whose knowledge points name the items; infections (#62) no event carries.
-- part and whole are fen, or for #63 visits. Over months or departments, add part and whole, then divide.
WITH
    cost AS
    (
        SELECT hospital, department, month, sum(amount_fen) AS whole,
            sumIf(amount_fen, category IN ('09', '11')) AS drug, sumIf(amount_fen, category IN ('03', '04')) AS test,
            sumIf(amount_fen, category = '08') AS material, sumIf(amount_fen, category = '05') AS treatment
        FROM v_charge
        GROUP BY hospital, department, month
    ),
    stated AS
    (
        SELECT hospital, patient_id, visit_id,
            argMaxIf(readmission, (occurred_at, ledger_version), readmission != '') = 'unplanned' AS is_unplanned
        FROM admission_event FINAL
        GROUP BY hospital, patient_id, visit_id
    ),
    stay AS
    (
        SELECT hospital, department, status, discharged_at,
            leadInFrame(toNullable(v.admitted_at)) OVER following AS next_admitted_at,
            leadInFrame(toNullable(s.is_unplanned)) OVER following AS is_next_unplanned
        FROM
        (
            SELECT hospital, patient_id, visit_id, department, status, admitted_at, discharged_at
            FROM visit_fact FINAL
            WHERE status IN ('open', 'discharged') AND length_of_stay_days IS NOT NULL AND admitted_at IS NOT NULL
        ) AS v
        LEFT JOIN stated AS s
            ON s.hospital = v.hospital AND s.patient_id = v.patient_id AND s.visit_id = v.visit_id
        WINDOW following AS (PARTITION BY v.hospital, v.patient_id ORDER BY v.admitted_at, v.visit_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ),
    returned AS
    (
        SELECT hospital, department, toYYYYMM(toTimeZone(assumeNotNull(discharged_at), '${timezone}')) AS month,
            count() AS whole,
            countIf(is_next_unplanned AND next_admitted_at >= discharged_at
                AND dateDiff('day', toTimeZone(discharged_at, '${timezone}'),
                    toTimeZone(next_admitted_at, '${timezone}')) <= 31) AS part
        FROM stay
        WHERE status = 'discharged' AND discharged_at IS NOT NULL
        GROUP BY hospital, department, month
    ),
    indicator AS
    (
        SELECT hospital, department, month, i.1 AS number, i.2 AS part, whole
        FROM cost
        ARRAY JOIN [(56, drug), (57, test), (58, material), (59, treatment)] AS i
        UNION ALL
        SELECT hospital, department, month, 63 AS number, toInt64(part), toInt64(whole) FROM returned
    )
SELECT
    v.hospital AS hospital, v.department AS department, v.month AS month, v.number AS rule_number,
    if(n.name_zh = '', toString(v.number), n.name_zh) AS indicator_zh,
    if(n.name_en = '', toString(v.number), n.name_en) AS indicator_en, v.part AS part, v.whole AS whole,
    if(v.whole > 0, round(toDecimal64(100 * v.part, 4) / v.whole, 2), NULL) AS percent
FROM indicator AS v
LEFT JOIN (SELECT code, name_zh, name_en FROM code_name FINAL WHERE code_table = 'indicator') AS n
    ON n.code = toString(v.number)
COMMENT '国家统计指标：药费、检验检查、耗材、治疗占比，31天非计划再入院率 | national indicators by department and month';
