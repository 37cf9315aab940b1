-- 事实表：绝对值，带版本。 Facts: absolute rows with a version, the highest wins; rewriting one is harmless.
-- Nothing sums these tables incrementally: a materialized view would count superseded rows. Read with FINAL, or the views.

CREATE TABLE IF NOT EXISTS visit_fact
(
    hospital            LowCardinality(String) COMMENT '医院编码 | hospital code',
    patient_id          String                 COMMENT '院内患者号 | patient',
    visit_id            String                 COMMENT '就诊号 | visit',
    version             UInt64                 COMMENT '版本 | version',
    policy_version      LowCardinality(String) COMMENT '政策版本 | policy book version',
    status              LowCardinality(String) COMMENT 'pending、open、discharged、cancelled | where the visit stands',
    as_of               DateTime64(3, 'UTC')   COMMENT '截至 | latest recorded time of its events',
    person_no           String                 COMMENT '医保人员编号 | insured person number',
    insurance_type      LowCardinality(String) COMMENT '险种 | insurance type',
    coverage_pending    Bool                   COMMENT '险种未定 | coverage not known yet',
    care_type           LowCardinality(String) COMMENT '医疗类别 | care type',
    person_type         LowCardinality(String) COMMENT '人员类别 | person type',
    sex                 LowCardinality(String) COMMENT '性别 | sex',
    birth_date          String                 COMMENT '出生日期 | date of birth',
    department          LowCardinality(String) COMMENT '所在（或出院）科室 | department the patient lies in or left from',
    ward                LowCardinality(String) COMMENT '病区 | ward',
    bed                 String                 COMMENT '床位 | bed',
    doctor              String                 COMMENT '主管医师 | doctor',
    main_diagnosis      String                 COMMENT '主诊断 | main diagnosis',
    diagnoses           Array(String)          COMMENT '诊断 | diagnoses',
    procedures          Array(String)          COMMENT '手术操作 | procedures',
    disease_code        String                 COMMENT '病种编码 | disease code',
    discharge_way       LowCardinality(String) COMMENT '离院方式 | way of discharge',
    on_leave            Bool                   COMMENT '请假中 | on leave',
    admitted_at         Nullable(DateTime64(3, 'UTC')) COMMENT '入院时间 | admitted',
    discharged_at       Nullable(DateTime64(3, 'UTC')) COMMENT '出院时间 | discharged',
    length_of_stay_days Nullable(Int32)        COMMENT '住院天数 | length of stay',
    amount_fen          Int64                  COMMENT '总费用（净额），分 | total, net of refunds',
    gross_fen           Int64                  COMMENT '收费合计 | charges',
    refund_fen          Int64                  COMMENT '退费合计（负） | refunds, negative',
    basic_fen           Int64                  COMMENT '基本医疗费用＝总费用−丙类 | total − class C',
    today_fen           Int64                  COMMENT '当日费用 | net of the day of as_of',
    charge_count        Int64                  COMMENT '收费条数 | charges',
    refund_count        Int64                  COMMENT '退费条数 | refunds',
    unmatched_refund_count Int64               COMMENT '未找到原明细的退费 | refunds of lines not seen',
    order_count         Int64                  COMMENT '医嘱数 | orders',
    transfer_count      Int64                  COMMENT '转科次数 | transfers',
    antibiotic          Bool                   COMMENT '使用抗菌药 | antibiotics given',
    category_code           Array(String)      COMMENT '收费类别 01–14（无金额者略） | categories; parallel arrays',
    category_amount_fen     Array(Int64)       COMMENT '类别金额 | their amounts',
    category_class_a_fen    Array(Int64)       COMMENT '其中甲类 | of it class A',
    category_class_b_fen    Array(Int64)       COMMENT '其中乙类 | of it class B',
    category_class_c_fen    Array(Int64)       COMMENT '其中丙类 | of it class C',
    category_unclassified_fen Array(Int64)     COMMENT '其中未分类 | of it without a class',
    share_department        Array(String)      COMMENT '科室分摊：科室 | department shares; parallel arrays',
    share_month             Array(UInt32)      COMMENT '科室分摊：月 YYYYMM | month',
    share_amount_fen        Array(Int64)       COMMENT '金额 | amount',
    share_drug_fen          Array(Int64)       COMMENT '西药与中成药 | drugs (09, 11)',
    share_herbal_fen        Array(Int64)       COMMENT '中药饮片 | herbal pieces (10)',
    share_material_fen      Array(Int64)       COMMENT '卫生材料 | material (08)',
    share_test_fen          Array(Int64)       COMMENT '检查化验 | tests (03, 04)',
    share_self_pay_fen      Array(Int64)       COMMENT '丙类 | class C',
    share_charge_count      Array(Int64)       COMMENT '明细条数 | lines',
    segment_department      Array(String)      COMMENT '住院分段：科室 | stretches of the stay; parallel arrays',
    segment_ward            Array(String)      COMMENT '病区 | ward',
    segment_bed             Array(String)      COMMENT '床位 | bed',
    segment_entered_at      Array(DateTime64(3, 'UTC'))           COMMENT '转入时间 | entered',
    segment_left_at         Array(Nullable(DateTime64(3, 'UTC'))) COMMENT '转出时间 | left; null = still there',
    segment_amount_fen      Array(Int64)       COMMENT '段内费用 | charged in that time, whoever ordered it',
    drug_bp             Nullable(Int64)        COMMENT '药占比（不含饮片），万分之一 | drug ratio, basis points',
    drug_with_herbal_bp Nullable(Int64)        COMMENT '药占比（含饮片） | drug ratio with herbal pieces',
    material_bp         Nullable(Int64)        COMMENT '材料占比 | material ratio',
    test_bp             Nullable(Int64)        COMMENT '检验检查占比 | test ratio',
    service_bp          Nullable(Int64)        COMMENT '医疗服务占比 | service ratio',
    self_pay_bp         Nullable(Int64)        COMMENT '自费率 | self-pay ratio',
    catalogue_drug_bp   Nullable(Int64)        COMMENT '目录内用药占比 | drugs inside the catalogue',
    quota_policy_id     String                 COMMENT '定额条目，空为无定额 | quota entry; empty = none',
    quota_basis         LowCardinality(String) COMMENT '定额口径 basic、total | what the quota counts',
    quota_fen           Nullable(Int64)        COMMENT '人次定额 | per-visit quota',
    quota_used_fen      Nullable(Int64)        COMMENT '已用（按口径） | used',
    quota_used_bp       Nullable(Int64)        COMMENT '定额使用率，万分之一 | use of the quota, basis points',
    over_4x_fen         Nullable(Int64)        COMMENT '超4倍部分 | beyond 400 %',
    open_alerts         Array(String)          COMMENT '未解除告警 | open alerts',
    worst_level         LowCardinality(String) COMMENT '最高级别 | worst open level',
    settlement_id       String                 COMMENT '结算单号 | settlement',
    settled_total_fen   Nullable(Int64)        COMMENT '实际结算总额 | settled total',
    settled_fund_fen    Nullable(Int64)        COMMENT '实际基金支付 | settled fund part',
    settled_patient_fen Nullable(Int64)        COMMENT '实际个人负担 | settled patient part',
    warning_count       Int64                  COMMENT '警告数 | warnings',
    kafka_partition     Int32                  COMMENT '分区 | partition of visit.fact.v1',
    kafka_offset        Int64                  COMMENT '偏移 | offset in visit.fact.v1'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (hospital, patient_id, visit_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '就诊事实，绝对值 | visits, absolute and versioned';

CREATE TABLE IF NOT EXISTS department_fact
(
    hospital            LowCardinality(String) COMMENT '医院编码 | hospital code',
    department          String                 COMMENT '科室 | department',
    month               UInt32                 COMMENT '月 YYYYMM | month',
    version             UInt64                 COMMENT '版本 | version',
    policy_version      LowCardinality(String) COMMENT '政策版本 | policy book version',
    as_of               DateTime64(3, 'UTC')   COMMENT '截至 | latest recorded time',
    amount_fen          Int64                  COMMENT '费用（净额），分 | amount',
    drug_fen            Int64                  COMMENT '西药与中成药 | drugs (09, 11)',
    herbal_fen          Int64                  COMMENT '中药饮片 | herbal pieces (10)',
    material_fen        Int64                  COMMENT '卫生材料 | material (08)',
    test_fen            Int64                  COMMENT '检查化验 | tests (03, 04)',
    self_pay_fen        Int64                  COMMENT '丙类 | class C',
    charge_count        Int64                  COMMENT '明细条数 | lines',
    visit_count         Int64                  COMMENT '有费用的人次 | visits with charges',
    responsible_count   Int64                  COMMENT '负责人次（按入院月） | visits it answers for, by month of admission',
    discharged_count    Int64                  COMMENT '其中已出院 | of them discharged',
    bed_days            Int64                  COMMENT '床日 | bed days',
    basic_fen           Int64                  COMMENT '负责人次的基本医疗费用 | their basic cost',
    quota_fen           Int64                  COMMENT '定额合计 | their quotas together',
    quota_used_bp       Nullable(Int64)        COMMENT '定额使用率，万分之一 | use of the quotas',
    over_quota_count    Int64                  COMMENT '超定额人次 | visits over quota',
    over_4x_count       Int64                  COMMENT '超4倍人次 | visits over 400 %',
    over_4x_fen         Int64                  COMMENT '超4倍部分 | beyond 400 %',
    drug_bp             Nullable(Int64)        COMMENT '药占比（不含饮片） | drug ratio',
    drug_with_herbal_bp Nullable(Int64)        COMMENT '药占比（含饮片） | with herbal pieces',
    material_bp         Nullable(Int64)        COMMENT '材料占比 | material ratio',
    test_bp             Nullable(Int64)        COMMENT '检验检查占比 | test ratio',
    self_pay_bp         Nullable(Int64)        COMMENT '自费率 | self-pay ratio',
    open_alerts         Array(String)          COMMENT '未解除告警 | open alerts',
    kafka_partition     Int32                  COMMENT '分区 | partition of department.fact.v1',
    kafka_offset        Int64                  COMMENT '偏移 | offset in department.fact.v1'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (hospital, department, month)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '科室月度事实，绝对值 | departments by month, absolute and versioned';

CREATE TABLE IF NOT EXISTS alert
(
    alert_id            String                 COMMENT '告警号 | alert',
    version             UInt64                 COMMENT '版本 | version',
    hospital            LowCardinality(String) COMMENT '医院编码 | hospital code',
    rule                LowCardinality(String) COMMENT '规则 | rule',
    subject             String                 COMMENT '规则对象，如项目编码 | what in the visit, such as an item',
    episode             Int32                  COMMENT '第几次 | number of the episode',
    level               LowCardinality(String) COMMENT '级别 | level',
    peak_level          LowCardinality(String) COMMENT '曾达最高级别 | worst level it had',
    status              LowCardinality(String) COMMENT '状态 | status',
    value               Int64                  COMMENT '当前值，单位见 unit | value',
    threshold           Int64                  COMMENT '阈值 | threshold',
    unit                LowCardinality(String) COMMENT 'fen、bp、days、count | unit of value and threshold',
    message_zh          String                 COMMENT '提示 | the sentence a nurse reads',
    message_en          String                 COMMENT '英文提示 | the same in English',
    input_name          Array(String)          COMMENT '推导：输入名 | derivation: inputs; parallel arrays',
    input_value         Array(Int64)           COMMENT '推导：输入值，单位见名 | their values, unit in the name',
    formula             String                 COMMENT '推导：算式 | the arithmetic',
    policy_id           String                 COMMENT '政策条目 | policy entry',
    policy_version      LowCardinality(String) COMMENT '政策版本 | policy book version',
    policy_source       String                 COMMENT '政策出处 | where the policy stands',
    history_at          Array(DateTime64(3, 'UTC')) COMMENT '经过：时间 | history; parallel arrays',
    history_what        Array(String)          COMMENT 'raised、escalated、eased、acknowledged、cleared | what happened',
    history_level       Array(String)          COMMENT '级别 | level',
    history_value       Array(Int64)           COMMENT '当时值 | value',
    history_event_id    Array(String)          COMMENT '起因事件 | the event that caused it',
    history_version     Array(UInt64)          COMMENT '账目版本 | ledger version',
    history_actor       Array(String)          COMMENT '答复人 | who answered',
    history_role        Array(String)          COMMENT '角色 | in which role',
    history_decision    Array(String)          COMMENT '处置 | decision',
    history_reason      Array(String)          COMMENT '原因 | reason',
    raised_at           DateTime64(3, 'UTC')   COMMENT '触发时间 | raised',
    updated_at          DateTime64(3, 'UTC')   COMMENT '最近变动 | last change',
    patient_id          String                 COMMENT '院内患者号，科室告警为空 | patient; empty for a department''s alert',
    visit_id            String                 COMMENT '就诊号 | visit',
    department          LowCardinality(String) COMMENT '科室 | department',
    month               UInt32                 COMMENT '月，就诊告警为 0 | month of a department''s alert, else 0',
    ward                LowCardinality(String) COMMENT '病区 | ward',
    bed                 String                 COMMENT '床位 | bed',
    kafka_partition     Int32                  COMMENT '分区 | partition of alert.v1',
    kafka_offset        Int64                  COMMENT '偏移 | offset in alert.v1'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY alert_id
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '告警，每次发作一行 | alerts, one row an episode';

CREATE TABLE IF NOT EXISTS dead_letter
(
    source_topic        LowCardinality(String) COMMENT '来源主题 | topic of the refused message',
    source_partition    Int32                  COMMENT '来源分区 | its partition',
    source_offset       Int64                  COMMENT '来源偏移 | its offset',
    reason              LowCardinality(String) COMMENT '原因编号 D1xx、V2xx、R3xx、S4xx | numbered reason',
    value_digest        UInt64                 COMMENT '原文摘要 | digest of the original bytes',
    detail              String                 COMMENT '字段与规则，不含取值 | fields and rule, never values',
    stage               LowCardinality(String) COMMENT '拒收环节 | who refused it',
    content             LowCardinality(String) COMMENT '原文是 source、ledger 或 output | what the original is',
    at                  DateTime64(3, 'UTC')   COMMENT '被拒消息的时间 | time of the refused message',
    key                 String                 COMMENT '原键 | original key',
    value               String                 COMMENT '原文，至多 64 KiB，含患者信息 | original bytes, first 64 KiB; patient data',
    value_bytes         UInt64                 COMMENT '原文全长 | full length',
    version             UInt64                 COMMENT '死信版本 | epoch << 48 | offset of the dead letter',
    kafka_partition     Int32                  COMMENT '分区 | partition of dead.letter.v1',
    kafka_offset        Int64                  COMMENT '偏移 | offset in dead.letter.v1'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source_topic, source_partition, source_offset, reason, value_digest)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '被拒消息及原文 | refused messages with their original bytes';

CREATE TABLE IF NOT EXISTS code_name
(
    code_table          LowCardinality(String) COMMENT '码表 | code table',
    code                String                 COMMENT '代码 | code',
    name_zh             String                 COMMENT '中文名 | Chinese name',
    name_en             String                 COMMENT '英文名 | English name',
    source              String                 COMMENT '出处 | where the table stands'
)
ENGINE = ReplacingMergeTree
ORDER BY (code_table, code)
COMMENT '码表，由 kongfei migrate 装入 | code tables, loaded by kongfei migrate';
