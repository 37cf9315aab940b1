-- 支付方式、分组、预算、特例单议、未归类项目的分析视图。 Views on payment methods, groups, budgets, special cases and items
-- without a class. Nothing here proposes another diagnosis: what keeps a visit out of a group is a question to the record.

CREATE OR REPLACE VIEW v_visit_method AS
-- One row a method of the book. reasons: why it does not admit the visit; numbers: the figures of its arithmetic.
SELECT
    f.hospital AS hospital, f.patient_id AS patient_id, f.visit_id AS visit_id, f.status AS status,
    f.department AS department, f.m.method_id AS method_id, f.m.kind AS kind,
    if(k.name_zh = '', f.m.kind, k.name_zh) AS kind_zh, f.m.name AS name, f.m.clearing_way AS clearing_way,
    f.m.admissible AS is_admissible, f.m.binding AS is_binding, f.m.method_id = f.predicted_in_force AS is_in_force,
    f.m.method_id = f.predicted_best AS is_best, f.m.reasons AS reasons,
    arrayStringConcat(arrayMap(code -> if(words.names[code] = '', code, words.names[code]), f.m.reasons), '')
        AS reasons_zh,
    f.m.group_code AS group_code, f.m.covered_fen AS covered_fen, toDecimal64(f.m.covered_fen, 2) / 100 AS covered_yuan,
    f.m.standard_fen AS standard_fen, toDecimal64(f.m.standard_fen, 2) / 100 AS standard_yuan,
    toDecimal64(f.m.used_bp, 2) / 100 AS used_percent, f.m.income_fen AS income_fen,
    toDecimal64(f.m.income_fen, 2) / 100 AS income_yuan, f.m.fund_due_fen AS fund_due_fen,
    toDecimal64(f.m.fund_due_fen, 2) / 100 AS fund_due_yuan, f.m.profit_fen AS profit_fen,
    toDecimal64(f.m.profit_fen, 2) / 100 AS profit_yuan, if(f.m.outlier = '', 'normal', f.m.outlier) AS outlier,
    f.m.projected_income_fen AS projected_income_fen,
    toDecimal64(f.m.projected_income_fen, 2) / 100 AS projected_income_yuan,
    f.m.projected_profit_fen AS projected_profit_fen,
    toDecimal64(f.m.projected_profit_fen, 2) / 100 AS projected_profit_yuan,
    if(f.m.projected_outlier = '', 'normal', f.m.projected_outlier) AS projected_outlier,
    f.m.deviation AS deviation, f.m.numbers AS numbers, f.m.source AS source
FROM
(
    SELECT hospital, patient_id, visit_id, status, department, predicted_in_force, predicted_best, m
    FROM
    (
        SELECT hospital, patient_id, visit_id, status, department, predicted_in_force, predicted_best,
            JSONExtract(predicted_methods, 'Array(Tuple(method_id String, kind String, admissible Bool, binding Bool, reasons Array(String), name String, clearing_way String, covered_fen Int64, standard_fen Nullable(Int64), income_fen Int64, fund_due_fen Int64, profit_fen Int64, used_bp Nullable(Int64), outlier String, projected_income_fen Int64, projected_profit_fen Int64, projected_outlier String, group_code String, numbers Map(String, Int64), source String, deviation String))')
                AS methods
        FROM visit_fact FINAL
        WHERE predicted_methods != ''
    )
    ARRAY JOIN methods AS m
) AS f
CROSS JOIN
(
    SELECT mapFromArrays(groupArray(code), groupArray(name_zh)) AS names
    FROM code_name FINAL
    WHERE code_table = 'not_admitted'
) AS words
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'payment_method') AS k ON k.code = f.m.kind
COMMENT '结算方式比较：每次就诊的各种支付方式 | payment methods compared, visit by visit';

CREATE OR REPLACE VIEW v_visit_group AS
SELECT
    f.hospital AS hospital, f.patient_id AS patient_id, f.visit_id AS visit_id, f.status AS status,
    f.department AS department, f.main_diagnosis AS main_diagnosis, f.g.system AS system,
    f.g.status AS group_status, if(s.name_zh = '', f.g.status, s.name_zh) AS group_status_zh,
    f.g.code AS group_code, f.g.name AS group_name, f.g.version AS version, f.g.path AS path,
    f.g.score_e4 AS score_e4, toDecimal64(f.g.score_e4, 4) / 10000 AS score, f.g.points_e4 AS points_e4,
    toDecimal64(f.g.points_e4, 4) / 10000 AS points, f.g.mean_fen AS mean_fen,
    toDecimal64(f.g.mean_fen, 2) / 100 AS mean_yuan, f.g.expected_days AS expected_days, f.amount_fen AS amount_fen,
    toDecimal64(f.amount_fen, 2) / 100 AS amount_yuan, f.length_of_stay_days AS length_of_stay_days,
    toTimeZone(f.discharged_at, '${timezone}') AS discharged_at
FROM
(
    SELECT hospital, patient_id, visit_id, status, department, main_diagnosis, amount_fen, length_of_stay_days,
        discharged_at, g
    FROM
    (
        SELECT hospital, patient_id, visit_id, status, department, main_diagnosis, amount_fen, length_of_stay_days,
            discharged_at, JSONExtract(predicted_groups, 'Array(Tuple(system String, status String, code String, name String, version String, score_e4 Int64, points_e4 Int64, mean_fen Nullable(Int64), expected_days Nullable(Int64), path Array(String)))')
                AS groups
        FROM visit_fact FINAL
        WHERE predicted_groups != ''
    )
    ARRAY JOIN groups AS g
) AS f
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'group_status') AS s ON s.code = f.g.status
COMMENT '分组结果：DIP 与 DRG，未入组者带原因 | groups of every visit, or why there is none';

CREATE OR REPLACE VIEW v_visit_question AS
SELECT
    f.hospital AS hospital, f.patient_id AS patient_id, f.visit_id AS visit_id, f.status AS status,
    f.department AS department, f.doctor AS doctor, f.q.kind AS kind, f.q.codes AS codes,
    if(n.name_zh = '', f.q.kind, replaceAll(n.name_zh, '{codes}', arrayStringConcat(f.q.codes, '、'))) AS question_zh,
    if(n.name_zh = '', f.q.kind, replaceAll(n.name_en, '{codes}', arrayStringConcat(f.q.codes, ', '))) AS question_en
FROM
(
    SELECT hospital, patient_id, visit_id, status, department, doctor, q
    FROM
    (
        SELECT hospital, patient_id, visit_id, status, department, doctor,
            JSONExtract(predicted_questions, 'Array(Tuple(kind String, codes Array(String)))') AS questions
        FROM visit_fact FINAL
        WHERE predicted_questions != ''
    )
    ARRAY JOIN questions AS q
) AS f
LEFT JOIN (SELECT code, name_zh, name_en FROM code_name FINAL WHERE code_table = 'question') AS n ON n.code = f.q.kind
COMMENT '病历书写提问 | questions to the documentation';

CREATE OR REPLACE VIEW v_payment_outlook AS
SELECT
    f.hospital AS hospital, f.patient_id AS patient_id, f.visit_id AS visit_id, f.status AS status,
    f.department AS department, f.ward AS ward, f.bed AS bed, f.doctor AS doctor, f.insurance_type AS insurance_type,
    f.care_type AS care_type, f.main_diagnosis AS main_diagnosis, f.predicted_in_force AS method_id,
    f.in_force_kind AS kind, if(k.name_zh = '', f.in_force_kind, k.name_zh) AS kind_zh, f.in_force_name AS name,
    f.in_force_group_code AS group_code, f.predicted_best AS best_method_id, f.predicted_days AS days,
    f.predicted_projected_days AS projected_days, f.predicted_cost_fen AS cost_fen,
    toDecimal64(f.predicted_cost_fen, 2) / 100 AS cost_yuan, toDecimal64(f.predicted_daily_fen, 2) / 100 AS daily_yuan,
    toDecimal64(f.predicted_projected_cost_fen, 2) / 100 AS projected_cost_yuan,
    f.in_force_standard_fen AS standard_fen, toDecimal64(f.in_force_standard_fen, 2) / 100 AS standard_yuan,
    toDecimal64(f.in_force_used_bp, 2) / 100 AS used_percent,
    toDecimal64(f.in_force_income_fen, 2) / 100 AS income_yuan,
    toDecimal64(f.in_force_fund_due_fen, 2) / 100 AS fund_due_yuan, f.in_force_profit_fen AS profit_fen,
    toDecimal64(f.in_force_profit_fen, 2) / 100 AS profit_yuan, f.in_force_outlier AS outlier,
    if(o.name_zh = '', f.in_force_outlier, o.name_zh) AS outlier_zh,
    toDecimal64(f.in_force_projected_income_fen, 2) / 100 AS projected_income_yuan,
    f.in_force_projected_profit_fen AS projected_profit_fen,
    toDecimal64(f.in_force_projected_profit_fen, 2) / 100 AS projected_profit_yuan,
    f.in_force_projected_outlier AS projected_outlier, f.special_case AS special_case,
    f.predicted_book_version AS book_version, toTimeZone(f.admitted_at, '${timezone}') AS admitted_at,
    toTimeZone(f.discharged_at, '${timezone}') AS discharged_at, toTimeZone(f.as_of, '${timezone}') AS as_of
FROM visit_fact AS f FINAL
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'payment_method') AS k ON k.code = f.in_force_kind
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'outlier') AS o ON o.code = f.in_force_outlier
WHERE f.predicted_cost_fen IS NOT NULL
COMMENT '支付展望：现行支付方式下的标准、盈亏与预测 | payment outlook: standard, profit and prediction under the method in force';

CREATE OR REPLACE VIEW v_loss_visit AS
SELECT
    hospital, department, ward, bed, patient_id, visit_id, doctor, main_diagnosis, kind_zh, group_code, days,
    projected_days, cost_yuan, projected_cost_yuan, standard_yuan, used_percent, profit_yuan, projected_profit_fen,
    projected_profit_yuan, outlier_zh, special_case, as_of
FROM v_payment_outlook
WHERE status = 'open' AND projected_profit_fen < 0
COMMENT '在院预计亏损病例 | visits still open with a loss expected at discharge';

CREATE OR REPLACE VIEW v_loss_department AS
SELECT
    hospital, department, count() AS open_visits, countIf(projected_profit_fen < 0) AS loss_visits,
    sum(least(ifNull(projected_profit_fen, 0), 0)) AS loss_fen, toDecimal64(loss_fen, 2) / 100 AS loss_yuan,
    sum(ifNull(projected_profit_fen, 0)) AS sum_fen, toDecimal64(sum_fen, 2) / 100 AS projected_profit_yuan,
    countIf(profit_fen < 0) AS loss_visits_now,
    round(toDecimal64(100 * loss_visits, 4) / open_visits, 2) AS loss_percent
FROM v_payment_outlook
WHERE status = 'open'
GROUP BY hospital, department
COMMENT '在院病例盈亏预测，按科室 | open visits and the losses expected, by department';

CREATE OR REPLACE VIEW v_budget AS
-- The month as its latest event left it (as the alerts see it); the year so far by the clock of the hospital: months
-- that are over are due in full. Months without any charge have no row. Department * is the whole hospital.
WITH
    row AS
    (
        SELECT hospital, department, month, as_of, budget_basis, budget_fen, budget_to_date_fen, budget_spent_fen,
            budget_used_bp, budget_pace_bp
        FROM department_fact FINAL
        WHERE budget_fen > 0
        UNION ALL
        SELECT hospital, '*' AS department, month, as_of, budget_basis, budget_fen, budget_to_date_fen,
            budget_spent_fen, budget_used_bp, budget_pace_bp
        FROM hospital_fact FINAL
        WHERE budget_fen > 0
    ),
    clock AS
    (
        SELECT hospital, toDate(toTimeZone(max(as_of), '${timezone}')) AS today
        FROM (SELECT hospital, as_of FROM department_fact UNION ALL SELECT hospital, as_of FROM hospital_fact)
        GROUP BY hospital
    ),
    timed AS
    (
        SELECT r.*, makeDate(intDiv(r.month, 100), r.month % 100, 1) AS first_on,
            toDayOfMonth(toLastDayOfMonth(first_on)) AS days,
            least(days, greatest(0, dateDiff('day', first_on, toDate(toTimeZone(r.as_of, '${timezone}'))) + 1)) AS gone,
            least(days, greatest(0, dateDiff('day', first_on, c.today) + 1)) AS gone_by_now,
            intDiv(2 * r.budget_fen * gone_by_now + days, 2 * days) AS due_by_now_fen
        FROM row AS r
        INNER JOIN clock AS c ON c.hospital = r.hospital
    )
SELECT
    hospital, department, if(department = '*', '全院', department) AS department_zh, month,
    budget_basis AS basis, if(b.name_zh = '', budget_basis, b.name_zh) AS basis_zh, budget_fen,
    toDecimal64(budget_fen, 2) / 100 AS budget_yuan, budget_spent_fen AS spent_fen,
    toDecimal64(budget_spent_fen, 2) / 100 AS spent_yuan,
    toDecimal64(budget_fen - budget_spent_fen, 2) / 100 AS left_yuan,
    toDecimal64(budget_used_bp, 2) / 100 AS used_percent, round(toDecimal64(100 * gone, 4) / days, 2) AS time_percent,
    budget_to_date_fen AS due_fen, toDecimal64(budget_to_date_fen, 2) / 100 AS due_yuan,
    toDecimal64(budget_pace_bp, 2) / 100 AS pace_percent,
    sum(budget_fen) OVER year AS year_budget_fen, toDecimal64(year_budget_fen, 2) / 100 AS year_budget_yuan,
    sum(budget_spent_fen) OVER year AS year_spent_fen, toDecimal64(year_spent_fen, 2) / 100 AS year_spent_yuan,
    sum(due_by_now_fen) OVER year AS year_due_fen, toDecimal64(year_due_fen, 2) / 100 AS year_due_yuan,
    if(year_budget_fen > 0, round(toDecimal64(100 * year_spent_fen, 4) / year_budget_fen, 2), NULL) AS year_used_percent,
    if(year_due_fen > 0, round(toDecimal64(100 * year_spent_fen, 4) / year_due_fen, 2), NULL) AS year_pace_percent,
    toTimeZone(as_of, '${timezone}') AS as_of
FROM timed
LEFT JOIN (SELECT code, name_zh FROM code_name FINAL WHERE code_table = 'budget_basis') AS b ON b.code = budget_basis
WINDOW year AS (PARTITION BY hospital, department, intDiv(month, 100) ORDER BY month)
COMMENT '预算执行与时间进度：科室与全院，当月与年初至今 | budgets against time: departments and hospital, month and year so far';

CREATE OR REPLACE VIEW v_special_case AS
-- The most that may be proposed in a year: 5 % of the discharges paid by DRG, 5 ‰ of those paid by DIP (医保办发〔2024〕9号).
-- Candidates are ranked by the loss expected, the greatest first.
WITH
    visit AS
    (
        SELECT hospital, patient_id, visit_id, status, department, ward, bed, doctor, main_diagnosis, special_case,
            if(in_force_kind = 'dip', 'DIP', 'DRG') AS system, in_force_group_code AS group_code,
            predicted_days AS days, predicted_cost_fen AS cost_fen, in_force_standard_fen AS standard_fen,
            in_force_projected_profit_fen AS projected_profit_fen, as_of,
            toYear(toTimeZone(ifNull(discharged_at, as_of), '${timezone}')) AS year
        FROM visit_fact FINAL
        WHERE in_force_kind IN ('dip', 'drg_rate', 'drg_points') AND status IN ('open', 'discharged')
    ),
    counted AS
    (
        SELECT hospital, system, year, countIf(status = 'discharged') AS discharges,
            intDiv(discharges * if(system = 'DIP', 5, 50), 1000) AS allowed
        FROM visit
        GROUP BY hospital, system, year
    )
SELECT
    v.hospital AS hospital, v.system AS system, v.year AS year,
    row_number() OVER (PARTITION BY v.hospital, v.system, v.year
        ORDER BY v.projected_profit_fen, v.patient_id, v.visit_id) AS number,
    c.allowed AS allowed, number <= allowed AS is_within_allowance, c.discharges AS discharges,
    count() OVER (PARTITION BY v.hospital, v.system, v.year) AS candidates, v.patient_id AS patient_id,
    v.visit_id AS visit_id, v.status AS status, v.department AS department, v.ward AS ward, v.bed AS bed,
    v.doctor AS doctor, v.main_diagnosis AS main_diagnosis, v.group_code AS group_code, v.special_case AS reasons,
    arrayStringConcat(arrayMap(code -> if(words.names[code] = '', code,
        replaceAll(replaceAll(words.names[code], '{days}', toString(ifNull(v.days, 0))), '{cost}',
            toString(toDecimal64(ifNull(v.cost_fen, 0), 2) / 100))), v.special_case), '') AS reasons_zh,
    v.days AS days, toDecimal64(v.cost_fen, 2) / 100 AS cost_yuan,
    toDecimal64(v.standard_fen, 2) / 100 AS standard_yuan, v.projected_profit_fen AS projected_profit_fen,
    toDecimal64(v.projected_profit_fen, 2) / 100 AS projected_profit_yuan,
    toTimeZone(v.as_of, '${timezone}') AS as_of
FROM visit AS v
INNER JOIN counted AS c ON c.hospital = v.hospital AND c.system = v.system AND c.year = v.year
CROSS JOIN
(
    SELECT mapFromArrays(groupArray(code), groupArray(name_zh)) AS names
    FROM code_name FINAL
    WHERE code_table = 'special_case'
) AS words
WHERE notEmpty(v.special_case)
COMMENT '特例单议候选：理由、名次与可申报数 | candidates for special-case review: reasons, rank, how many may be proposed';

CREATE OR REPLACE VIEW v_case_mix AS
-- Discharged visits by month of discharge. CMI = Σ weights (scores) ÷ grouped cases; cost and time index = the mean over
-- cases of their own cost (days) ÷ that of their group in the tables.
SELECT
    hospital, department, toYYYYMM(assumeNotNull(discharged_at)) AS month, system, count() AS cases,
    countIf(group_code != '' AND score_e4 > 0) AS grouped,
    sum(score_e4) AS scores_e4, toDecimal128(scores_e4, 4) / 10000 AS score_sum,
    toDecimal128(sum(points_e4), 4) / 10000 AS points_sum,
    if(grouped > 0, toDecimal128(intDiv(2 * scores_e4 + grouped, 2 * grouped), 4) / 10000, NULL) AS cmi, sum(amount_fen) AS amount,
    toDecimal64(amount, 2) / 100 AS amount_yuan,
    if(countIf(mean_fen > 0) > 0, round(avgIf(amount_fen / mean_fen, mean_fen > 0), 4), NULL) AS cost_index,
    if(countIf(expected_days > 0) > 0,
        round(avgIf(ifNull(length_of_stay_days, 0) / expected_days, expected_days > 0), 4), NULL) AS time_index
FROM v_visit_group
WHERE status = 'discharged' AND discharged_at IS NOT NULL
GROUP BY hospital, department, month, system
COMMENT '病组分值与 CMI：按科室、出院月 | scores and case-mix index, by department and month of discharge';

CREATE OR REPLACE VIEW v_unmapped_item AS
-- 待对码: items whose lines carry no class, in visits whose simulated settlement found lines without a class anywhere.
-- An item that a fully classified visit holds has its class in the catalogue, and is not listed.
WITH
    line AS
    (
        SELECT c.hospital AS hospital, c.item_code AS item_code, c.hospital_item_code AS hospital_item_code,
            c.patient_id AS patient_id, c.visit_id AS visit_id, c.category AS category, c.category_zh AS category_zh,
            c.department AS department, c.amount_fen AS amount_fen, c.charged_on AS charged_on,
            v.simulated_unmapped_fen AS unmapped_fen
        FROM v_charge AS c
        INNER JOIN
        (
            SELECT hospital, patient_id, visit_id, simulated_unmapped_fen
            FROM visit_fact FINAL
            WHERE simulated_standing != ''
        ) AS v ON v.hospital = c.hospital AND v.patient_id = c.patient_id AND v.visit_id = c.visit_id
        WHERE c.level = ''
    )
SELECT
    hospital, item_code, hospital_item_code, category, any(category_zh) AS category_zh, count() AS lines,
    uniqExact(patient_id, visit_id) AS visits, groupUniqArray(10)(department) AS departments,
    sum(amount_fen) AS amount, toDecimal64(amount, 2) / 100 AS amount_yuan, min(charged_on) AS first_on,
    max(charged_on) AS last_on
FROM line
WHERE unmapped_fen != 0 AND (hospital, item_code, hospital_item_code) NOT IN
    (SELECT hospital, item_code, hospital_item_code FROM line WHERE unmapped_fen = 0 AND amount_fen != 0)
GROUP BY hospital, item_code, hospital_item_code, category
COMMENT '待对码项目：各处均无甲乙丙等级 | items without a class anywhere, to be mapped';
