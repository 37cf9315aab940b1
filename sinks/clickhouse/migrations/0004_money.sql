-- 结算与支付：医保返回的明细条件、累计信息、模拟结算、支付方式预测、预算、全院月度。
-- Settlement and payment: the insurer's terms of a line, the year so far, the simulated settlement, the prediction of
-- the payment methods, budgets, and the whole hospital by month.
--
-- Rows written before this migration say nothing of all this: null, empty, or 0.
-- The whole hospital has a table of its own: whoever sums department_fact must not count everything twice.

ALTER TABLE charge_line
    ADD COLUMN IF NOT EXISTS first_self_pay_bp Nullable(Int64)
        COMMENT '医保返回的先行自付比例，万分之一；空为未返回 | first self-pay share the insurer states; null = not said' AFTER trace_code,
    ADD COLUMN IF NOT EXISTS price_cap_micro Nullable(Int64)
        COMMENT '医保返回的限价，百万分之一元 | price cap the insurer states, 1e-6 yuan' AFTER first_self_pay_bp,
    ADD COLUMN IF NOT EXISTS limited_use_met Nullable(Bool)
        COMMENT '限制使用条件是否满足 | whether the condition of a restricted item is met; null = not said' AFTER price_cap_micro;

ALTER TABLE admission_event
    ADD COLUMN IF NOT EXISTS special_person LowCardinality(String)
        COMMENT '特殊人员类型 | special person type (sp_psn_type)' AFTER disease_code,
    ADD COLUMN IF NOT EXISTS out_of_area LowCardinality(String)
        COMMENT '异地就医类别 | kind of out-of-area care' AFTER special_person,
    ADD COLUMN IF NOT EXISTS account_balance_fen Nullable(Int64)
        COMMENT '个人账户余额，分；空为未提供 | balance of the personal account; null = not said' AFTER out_of_area,
    ADD COLUMN IF NOT EXISTS account_used Nullable(Bool)
        COMMENT '是否使用个人账户 | whether the account pays; null = not said' AFTER account_balance_fen,
    ADD COLUMN IF NOT EXISTS stated_year Nullable(Int32)
        COMMENT '医保累计信息：年度 | the year so far, as the insurer states it: which year' AFTER account_used,
    ADD COLUMN IF NOT EXISTS stated_as_of Nullable(DateTime64(3, 'UTC'))
        COMMENT '累计信息截至 | true at; null = not said' AFTER stated_year,
    ADD COLUMN IF NOT EXISTS stated_admissions Nullable(Int32)
        COMMENT '本年此前住院次数 | admissions before this visit' AFTER stated_as_of,
    ADD COLUMN IF NOT EXISTS pool_name Array(String)
        COMMENT '累计信息：统筹类别 | pools of the year; parallel arrays' AFTER stated_admissions,
    ADD COLUMN IF NOT EXISTS pool_deductible_fen Array(Int64)
        COMMENT '已付起付线 | deductible paid' AFTER pool_name,
    ADD COLUMN IF NOT EXISTS pool_base_fen Array(Int64)
        COMMENT '已进入分段的费用 | cost that went through the bands' AFTER pool_deductible_fen,
    ADD COLUMN IF NOT EXISTS pool_fund_fen Array(Int64)
        COMMENT '已付统筹基金 | paid by the basic fund' AFTER pool_base_fen,
    ADD COLUMN IF NOT EXISTS layer_name Array(String)
        COMMENT '累计信息：补充层 | layers of the year; parallel arrays' AFTER pool_fund_fen,
    ADD COLUMN IF NOT EXISTS layer_base_fen Array(Int64)
        COMMENT '累计计入 | cumulated base' AFTER layer_name,
    ADD COLUMN IF NOT EXISTS layer_paid_fen Array(Int64)
        COMMENT '累计已付 | paid' AFTER layer_base_fen,
    ADD COLUMN IF NOT EXISTS limit_name Array(String)
        COMMENT '累计信息：限额病种 | diseases with a limit; parallel arrays' AFTER layer_paid_fen,
    ADD COLUMN IF NOT EXISTS limit_paid_fen Array(Int64)
        COMMENT '限额内已付 | paid against it' AFTER limit_name;

ALTER TABLE settlement_event
    ADD COLUMN IF NOT EXISTS mid_stay Bool
        COMMENT '中途结算 | a mid-stay settlement' AFTER clearing_type;

ALTER TABLE visit_fact
    ADD COLUMN IF NOT EXISTS special_person LowCardinality(String)
        COMMENT '特殊人员类型 | special person type' AFTER warning_count,
    ADD COLUMN IF NOT EXISTS out_of_area LowCardinality(String)
        COMMENT '异地就医类别 | kind of out-of-area care' AFTER special_person,
    ADD COLUMN IF NOT EXISTS simulated_standing LowCardinality(String)
        COMMENT '模拟结算状态：simulated、coverage_pending、no_benefit，空为未模拟 | standing of the simulated settlement; empty = not reckoned' AFTER out_of_area,
    ADD COLUMN IF NOT EXISTS simulated_total_fen Nullable(Int64)
        COMMENT '模拟结算：医疗费总额，分；空为未模拟 | total; null = not reckoned' AFTER simulated_standing,
    ADD COLUMN IF NOT EXISTS simulated_full_self_pay_fen Nullable(Int64)
        COMMENT '全自费金额 | full self-pay' AFTER simulated_total_fen,
    ADD COLUMN IF NOT EXISTS simulated_over_limit_fen Nullable(Int64)
        COMMENT '超限价自费 | over the price limit' AFTER simulated_full_self_pay_fen,
    ADD COLUMN IF NOT EXISTS simulated_first_self_pay_fen Nullable(Int64)
        COMMENT '先行自付 | first self-pay' AFTER simulated_over_limit_fen,
    ADD COLUMN IF NOT EXISTS simulated_within_scope_fen Nullable(Int64)
        COMMENT '符合政策范围金额 | within scope' AFTER simulated_first_self_pay_fen,
    ADD COLUMN IF NOT EXISTS simulated_deductible_fen Nullable(Int64)
        COMMENT '实际支付起付线 | deductible paid' AFTER simulated_within_scope_fen,
    ADD COLUMN IF NOT EXISTS simulated_deductible_standard_fen Nullable(Int64)
        COMMENT '起付标准 | standard of the deductible' AFTER simulated_deductible_fen,
    ADD COLUMN IF NOT EXISTS simulated_basic_fund_fen Nullable(Int64)
        COMMENT '基本医疗保险统筹 | basic fund' AFTER simulated_deductible_standard_fen,
    ADD COLUMN IF NOT EXISTS simulated_pool_share_bp Nullable(Int64)
        COMMENT '统筹基金支付比例，万分之一 | basic fund ÷ what went through the bands' AFTER simulated_basic_fund_fen,
    ADD COLUMN IF NOT EXISTS simulated_proportion_fen Nullable(Int64)
        COMMENT '比例自付 | the patient''s share of the bands' AFTER simulated_pool_share_bp,
    ADD COLUMN IF NOT EXISTS simulated_over_cap_fen Nullable(Int64)
        COMMENT '超封顶线 | beyond the cap' AFTER simulated_proportion_fen,
    ADD COLUMN IF NOT EXISTS simulated_civil_servant_fen Nullable(Int64)
        COMMENT '公务员补助 | civil servants' AFTER simulated_over_cap_fen,
    ADD COLUMN IF NOT EXISTS simulated_enterprise_fen Nullable(Int64)
        COMMENT '企业补充 | enterprise' AFTER simulated_civil_servant_fen,
    ADD COLUMN IF NOT EXISTS simulated_critical_illness_fen Nullable(Int64)
        COMMENT '居民大病 | critical illness' AFTER simulated_enterprise_fen,
    ADD COLUMN IF NOT EXISTS simulated_large_amount_fen Nullable(Int64)
        COMMENT '职工大额 | large amounts' AFTER simulated_critical_illness_fen,
    ADD COLUMN IF NOT EXISTS simulated_disabled_fen Nullable(Int64)
        COMMENT '伤残人员 | disabled soldiers' AFTER simulated_large_amount_fen,
    ADD COLUMN IF NOT EXISTS simulated_assistance_fen Nullable(Int64)
        COMMENT '医疗救助 | assistance' AFTER simulated_disabled_fen,
    ADD COLUMN IF NOT EXISTS simulated_other_fund_fen Nullable(Int64)
        COMMENT '其他支出 | other funds' AFTER simulated_assistance_fen,
    ADD COLUMN IF NOT EXISTS simulated_fund_total_fen Nullable(Int64)
        COMMENT '基金支付总额 | funds together' AFTER simulated_other_fund_fen,
    ADD COLUMN IF NOT EXISTS simulated_hospital_part_fen Nullable(Int64)
        COMMENT '医院负担 | the hospital''s part' AFTER simulated_fund_total_fen,
    ADD COLUMN IF NOT EXISTS simulated_patient_part_fen Nullable(Int64)
        COMMENT '个人负担 | the patient''s part' AFTER simulated_hospital_part_fen,
    ADD COLUMN IF NOT EXISTS simulated_account_paid_fen Nullable(Int64)
        COMMENT '个人账户 | personal account' AFTER simulated_patient_part_fen,
    ADD COLUMN IF NOT EXISTS simulated_mutual_aid_paid_fen Nullable(Int64)
        COMMENT '共济账户 | family account' AFTER simulated_account_paid_fen,
    ADD COLUMN IF NOT EXISTS simulated_cash_paid_fen Nullable(Int64)
        COMMENT '现金 | cash' AFTER simulated_mutual_aid_paid_fen,
    ADD COLUMN IF NOT EXISTS simulated_balance_fen Nullable(Int64)
        COMMENT '结算前账户余额，空为未知 | balance of the account before; null = not known' AFTER simulated_cash_paid_fen,
    ADD COLUMN IF NOT EXISTS simulated_test_within_fen Nullable(Int64)
        COMMENT '范围内检验检查费 | within-scope cost of tests (03, 04)' AFTER simulated_balance_fen,
    ADD COLUMN IF NOT EXISTS simulated_test_limit_fen Nullable(Int64)
        COMMENT '检验检查限额，空为无 | limit of tests; null = none' AFTER simulated_test_within_fen,
    ADD COLUMN IF NOT EXISTS simulated_test_over_fen Nullable(Int64)
        COMMENT '检验检查限额以上 | tests over their limit' AFTER simulated_test_limit_fen,
    ADD COLUMN IF NOT EXISTS simulated_unmapped_fen Nullable(Int64)
        COMMENT '各处均无甲乙丙等级的费用 | lines without a class anywhere' AFTER simulated_test_over_fen,
    ADD COLUMN IF NOT EXISTS simulated_cap_fen Nullable(Int64)
        COMMENT '封顶线，空为无 | cap of the year; null = none' AFTER simulated_unmapped_fen,
    ADD COLUMN IF NOT EXISTS simulated_cap_used_fen Nullable(Int64)
        COMMENT '本年已用（含本次） | of it used, with this visit' AFTER simulated_cap_fen,
    ADD COLUMN IF NOT EXISTS simulated_admission_number Nullable(Int32)
        COMMENT '本年第几次住院 | number of the admission in the year' AFTER simulated_cap_used_fen,
    ADD COLUMN IF NOT EXISTS simulated_benefit_id LowCardinality(String)
        COMMENT '待遇条目 | benefit entry of the book' AFTER simulated_admission_number,
    ADD COLUMN IF NOT EXISTS simulated_benefit_source LowCardinality(String)
        COMMENT '待遇出处 | where it stands' AFTER simulated_benefit_id,
    ADD COLUMN IF NOT EXISTS simulated_book_version LowCardinality(String)
        COMMENT '政策账簿版本 | book version' AFTER simulated_benefit_source,
    ADD COLUMN IF NOT EXISTS simulated_over_disease_limit_fen Nullable(Int64)
        COMMENT '超病种或生育限额 | over a disease''s or maternity''s limit' AFTER simulated_book_version,
    ADD COLUMN IF NOT EXISTS simulated_year Nullable(Int32)
        COMMENT '计入年度 | whose accumulators it counts to' AFTER simulated_over_disease_limit_fen,
    ADD COLUMN IF NOT EXISTS simulated_pool LowCardinality(String)
        COMMENT '统筹类别 | pool of the book' AFTER simulated_year,
    ADD COLUMN IF NOT EXISTS simulated_steps String
        COMMENT '推导步骤 JSON，见 v_settlement_step | steps of the derivation as JSON, see v_settlement_step' AFTER simulated_pool,
    ADD COLUMN IF NOT EXISTS simulated_periods String
        COMMENT '分段结算 JSON，见 v_settlement_period | periods of a visit settled in parts, as JSON, see v_settlement_period' AFTER simulated_steps,
    ADD COLUMN IF NOT EXISTS fund_difference_fen Nullable(Int64)
        COMMENT '模拟基金支付−实际，空为未结算 | simulated − settled payment of the funds; null = not settled' AFTER simulated_periods,
    ADD COLUMN IF NOT EXISTS predicted_days Nullable(Int32)
        COMMENT '预测：至今天数 | days so far; null = no prediction' AFTER fund_difference_fen,
    ADD COLUMN IF NOT EXISTS predicted_cost_fen Nullable(Int64)
        COMMENT '至今费用 | cost so far' AFTER predicted_days,
    ADD COLUMN IF NOT EXISTS predicted_daily_fen Nullable(Int64)
        COMMENT '近日日均费用 | recent daily cost' AFTER predicted_cost_fen,
    ADD COLUMN IF NOT EXISTS predicted_projected_days Nullable(Int32)
        COMMENT '预计住院天数 | days expected' AFTER predicted_daily_fen,
    ADD COLUMN IF NOT EXISTS predicted_projected_cost_fen Nullable(Int64)
        COMMENT '预计出院总费用 | cost expected at discharge' AFTER predicted_projected_days,
    ADD COLUMN IF NOT EXISTS predicted_in_force String
        COMMENT '现行支付方式条目 | payment method that counts' AFTER predicted_projected_cost_fen,
    ADD COLUMN IF NOT EXISTS predicted_best String
        COMMENT '可选方式中预计最优 | best of the admissible ones' AFTER predicted_in_force,
    ADD COLUMN IF NOT EXISTS predicted_projection_id String
        COMMENT '预测参数条目 | projection entry' AFTER predicted_best,
    ADD COLUMN IF NOT EXISTS predicted_book_version LowCardinality(String)
        COMMENT '政策账簿版本 | book version' AFTER predicted_projection_id,
    ADD COLUMN IF NOT EXISTS in_force_kind LowCardinality(String)
        COMMENT '现行支付方式的类型 | kind of the method in force' AFTER predicted_book_version,
    ADD COLUMN IF NOT EXISTS in_force_name LowCardinality(String)
        COMMENT '名称 | its name' AFTER in_force_kind,
    ADD COLUMN IF NOT EXISTS in_force_clearing_way LowCardinality(String)
        COMMENT '清算方式 | clearing way' AFTER in_force_name,
    ADD COLUMN IF NOT EXISTS in_force_group_code String
        COMMENT '病组或病种 | its group' AFTER in_force_clearing_way,
    ADD COLUMN IF NOT EXISTS in_force_covered_fen Nullable(Int64)
        COMMENT '支付标准对应的费用 | cost the standard stands for' AFTER in_force_group_code,
    ADD COLUMN IF NOT EXISTS in_force_standard_fen Nullable(Int64)
        COMMENT '支付标准，空为无 | payment standard; null = none' AFTER in_force_covered_fen,
    ADD COLUMN IF NOT EXISTS in_force_base_fen Nullable(Int64)
        COMMENT '偏差规则前的标准，费用÷标准以它为准 | standard before deviation rules' AFTER in_force_standard_fen,
    ADD COLUMN IF NOT EXISTS in_force_income_fen Nullable(Int64)
        COMMENT '医院可得 | what the hospital receives' AFTER in_force_base_fen,
    ADD COLUMN IF NOT EXISTS in_force_fund_due_fen Nullable(Int64)
        COMMENT '其中医保应付 | of it from the insurer' AFTER in_force_income_fen,
    ADD COLUMN IF NOT EXISTS in_force_profit_fen Nullable(Int64)
        COMMENT '目前盈亏 | profit or loss now' AFTER in_force_fund_due_fen,
    ADD COLUMN IF NOT EXISTS in_force_used_bp Nullable(Int64)
        COMMENT '费用÷标准，万分之一 | cost ÷ standard, basis points' AFTER in_force_profit_fen,
    ADD COLUMN IF NOT EXISTS in_force_outlier LowCardinality(String)
        COMMENT '倍率：normal、low、high、extreme | outlier' AFTER in_force_used_bp,
    ADD COLUMN IF NOT EXISTS in_force_projected_income_fen Nullable(Int64)
        COMMENT '预计可得 | expected at discharge' AFTER in_force_outlier,
    ADD COLUMN IF NOT EXISTS in_force_projected_profit_fen Nullable(Int64)
        COMMENT '预计盈亏 | expected profit or loss' AFTER in_force_projected_income_fen,
    ADD COLUMN IF NOT EXISTS in_force_projected_outlier LowCardinality(String)
        COMMENT '预计倍率 | outlier expected' AFTER in_force_projected_profit_fen,
    ADD COLUMN IF NOT EXISTS drg_code String
        COMMENT 'DRG 组，空为未入组 | DRG group; empty = none' AFTER in_force_projected_outlier,
    ADD COLUMN IF NOT EXISTS drg_weight_e4 Int64
        COMMENT 'DRG 权重，万分之一 | weight in 1e-4' AFTER drg_code,
    ADD COLUMN IF NOT EXISTS dip_code String
        COMMENT 'DIP 病种，空为未入组 | DIP group; empty = none' AFTER drg_weight_e4,
    ADD COLUMN IF NOT EXISTS dip_score_e4 Int64
        COMMENT 'DIP 分值，万分之一 | score in 1e-4' AFTER dip_code,
    ADD COLUMN IF NOT EXISTS special_case Array(String)
        COMMENT '特例单议理由 | reasons to propose it as a special case' AFTER dip_score_e4,
    ADD COLUMN IF NOT EXISTS predicted_methods String
        COMMENT '各支付方式 JSON，见 v_visit_method | methods as JSON, see v_visit_method' AFTER special_case,
    ADD COLUMN IF NOT EXISTS predicted_groups String
        COMMENT '分组结果 JSON，见 v_visit_group | groups as JSON, see v_visit_group' AFTER predicted_methods,
    ADD COLUMN IF NOT EXISTS predicted_questions String
        COMMENT '病历书写提问 JSON，见 v_visit_question | documentation questions as JSON, see v_visit_question' AFTER predicted_groups;

ALTER TABLE department_fact
    ADD COLUMN IF NOT EXISTS fund_fen Int64
        COMMENT '负责人次的模拟基金支付（按入院月） | simulated payment of the funds for the visits it answers for' AFTER open_alerts,
    ADD COLUMN IF NOT EXISTS income_fen Int64
        COMMENT '其现行支付方式下医院可得 | what the hospital receives for them' AFTER fund_fen,
    ADD COLUMN IF NOT EXISTS profit_fen Int64
        COMMENT '其目前盈亏 | their profit or loss now' AFTER income_fen,
    ADD COLUMN IF NOT EXISTS predicted_profit_fen Int64
        COMMENT '其预计盈亏 | their profit or loss expected at discharge' AFTER profit_fen,
    ADD COLUMN IF NOT EXISTS loss_count Int64
        COMMENT '其中预计亏损人次 | of them with a loss expected' AFTER predicted_profit_fen,
    ADD COLUMN IF NOT EXISTS budget_basis LowCardinality(String)
        COMMENT '预算口径 fund、total、basic，空为无预算 | what the budget counts; empty = no budget' AFTER loss_count,
    ADD COLUMN IF NOT EXISTS budget_fen Int64
        COMMENT '本月预算 | budget of the month' AFTER budget_basis,
    ADD COLUMN IF NOT EXISTS budget_to_date_fen Int64
        COMMENT '按时间进度应支 | due by now' AFTER budget_fen,
    ADD COLUMN IF NOT EXISTS budget_spent_fen Int64
        COMMENT '按口径已支 | spent' AFTER budget_to_date_fen,
    ADD COLUMN IF NOT EXISTS budget_used_bp Nullable(Int64)
        COMMENT '已支÷本月预算，万分之一 | spent ÷ budget' AFTER budget_spent_fen,
    ADD COLUMN IF NOT EXISTS budget_pace_bp Nullable(Int64)
        COMMENT '已支÷应支，万分之一 | spent ÷ due by now' AFTER budget_used_bp;

CREATE TABLE IF NOT EXISTS hospital_fact
(
    hospital             LowCardinality(String) COMMENT '医院编码 | hospital code',
    month                UInt32                 COMMENT '月 YYYYMM | month',
    version              UInt64                 COMMENT '版本 | version',
    policy_version       LowCardinality(String) COMMENT '政策版本 | policy book version',
    as_of                DateTime64(3, 'UTC')   COMMENT '截至 | latest recorded time',
    amount_fen           Int64                  COMMENT '费用（净额），分 | amount',
    drug_fen             Int64                  COMMENT '西药与中成药 | drugs (09, 11)',
    herbal_fen           Int64                  COMMENT '中药饮片 | herbal pieces (10)',
    material_fen         Int64                  COMMENT '卫生材料 | material (08)',
    test_fen             Int64                  COMMENT '检查化验 | tests (03, 04)',
    self_pay_fen         Int64                  COMMENT '丙类 | class C',
    charge_count         Int64                  COMMENT '明细条数 | lines',
    visit_count          Int64                  COMMENT '有费用的人次 | visits with charges',
    responsible_count    Int64                  COMMENT '在院与出院人次（按入院月） | visits, by month of admission',
    discharged_count     Int64                  COMMENT '其中已出院 | of them discharged',
    bed_days             Int64                  COMMENT '床日 | bed days',
    basic_fen            Int64                  COMMENT '有定额人次的已用 | use by the visits with a quota',
    quota_fen            Int64                  COMMENT '定额合计 | their quotas together',
    quota_used_bp        Nullable(Int64)        COMMENT '定额使用率，万分之一 | use of the quotas',
    over_quota_count     Int64                  COMMENT '超定额人次 | visits over quota',
    over_4x_count        Int64                  COMMENT '超4倍人次 | visits over 400 %',
    over_4x_fen          Int64                  COMMENT '超4倍部分 | beyond 400 %',
    drug_bp              Nullable(Int64)        COMMENT '药占比（不含饮片） | drug ratio',
    drug_with_herbal_bp  Nullable(Int64)        COMMENT '药占比（含饮片） | with herbal pieces',
    material_bp          Nullable(Int64)        COMMENT '材料占比 | material ratio',
    test_bp              Nullable(Int64)        COMMENT '检验检查占比 | test ratio',
    self_pay_bp          Nullable(Int64)        COMMENT '自费率 | self-pay ratio',
    open_alerts          Array(String)          COMMENT '未解除告警 | open alerts',
    fund_fen             Int64                  COMMENT '人次的模拟基金支付（按入院月） | simulated payment of the funds for its visits',
    income_fen           Int64                  COMMENT '其现行支付方式下医院可得 | what the hospital receives for them',
    profit_fen           Int64                  COMMENT '其目前盈亏 | their profit or loss now',
    predicted_profit_fen Int64                  COMMENT '其预计盈亏 | their profit or loss expected at discharge',
    loss_count           Int64                  COMMENT '其中预计亏损人次 | of them with a loss expected',
    budget_basis         LowCardinality(String) COMMENT '预算口径 fund、total、basic，空为无预算 | what the budget counts; empty = no budget',
    budget_fen           Int64                  COMMENT '本月预算 | budget of the month',
    budget_to_date_fen   Int64                  COMMENT '按时间进度应支 | due by now',
    budget_spent_fen     Int64                  COMMENT '按口径已支 | spent',
    budget_used_bp       Nullable(Int64)        COMMENT '已支÷本月预算，万分之一 | spent ÷ budget',
    budget_pace_bp       Nullable(Int64)        COMMENT '已支÷应支，万分之一 | spent ÷ due by now',
    kafka_partition      Int32                  COMMENT '分区 | partition of department.fact.v1',
    kafka_offset         Int64                  COMMENT '偏移 | offset in department.fact.v1'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (hospital, month)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '全院月度事实，绝对值 | the whole hospital by month, absolute and versioned';
