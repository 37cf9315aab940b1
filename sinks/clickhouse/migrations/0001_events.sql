-- 明细表：每条账目一行，来自 ledger.v1。 The events themselves: one row an entry of a patient's ledger.
--
-- Every table here keeps the FIRST ledger version of a key: the reducer applies the first and dead-letters a second one
-- with other content (R301). ReplacingMergeTree keeps the row with the highest version, so `first_wins` is the ledger
-- version's complement. Read with FINAL, or through the views, which do.
--
-- No table is partitioned: a replacing merge happens only inside a partition, and nothing in these rows but the key is
-- immutable for the key (a conflicting second row may carry another date).
--
-- non_replicated_deduplication_window: an insert that is repeated after an unclear answer is dropped by the server.

CREATE TABLE IF NOT EXISTS charge_line
(
    hospital            LowCardinality(String) COMMENT '医院编码 | hospital code',
    patient_id          String                 COMMENT '院内患者号 | the hospital''s own patient number',
    visit_id            String                 COMMENT '就诊号 | visit',
    charge_id           String                 COMMENT '费用明细流水号 | fee line (feedetl_sn)',
    refund_of           String                 COMMENT '被冲销的明细，空为非退费 | the line a refund takes back',
    order_id            String                 COMMENT '医嘱号 | order',
    item_code           String                 COMMENT '国家医保目录编码 | national item code',
    hospital_item_code  String                 COMMENT '院内项目编码 | the hospital''s item code',
    quantity_e4         Nullable(Int64)        COMMENT '数量，万分之一；空为未提供 | quantity in 1e-4; null = not said',
    unit_price_micro    Nullable(Int64)        COMMENT '单价，百万分之一元 | unit price in 1e-6 yuan',
    amount_fen          Nullable(Int64)        COMMENT '金额，分；空为整条退费，见 v_charge | fen; null = takes back a whole line, see v_charge',
    category            LowCardinality(String) COMMENT '收费类别 01–14，原样 | category as sent',
    level               LowCardinality(String) COMMENT '甲乙丙等级，原样 | class as sent',
    list_type           LowCardinality(String) COMMENT '目录类别 | catalogue kind',
    ordering_department LowCardinality(String) COMMENT '开单科室，空时见 v_charge | ordering department; empty: see v_charge',
    ordering_doctor     String                 COMMENT '开单医师 | ordering doctor',
    executing_department LowCardinality(String) COMMENT '执行科室 | executing department',
    charged_at          DateTime64(3, 'UTC')   COMMENT '费用发生时间 | when it was charged',
    day                 Int32                  COMMENT '院区日历日，自 1970-01-01 起天数 | day in the hospital''s time zone',
    charged_on          Date32 DEFAULT addDays(toDate32('1970-01-01'), day) COMMENT '费用发生日（院区时区） | the same day as a date',
    month               UInt32 DEFAULT toYYYYMM(charged_on) COMMENT '费用发生月 YYYYMM | month',
    approval            LowCardinality(String) COMMENT '医院审批标志 | approval flag',
    trace_code          String                 COMMENT '药品追溯码 | trace code',
    event_id            String                 COMMENT '事件号 | event',
    person_no           String                 COMMENT '医保人员编号 | insured person number, may come late',
    occurred_at         DateTime64(3, 'UTC')   COMMENT '事件发生时间 | when the event happened',
    recorded_at         DateTime64(3, 'UTC')   COMMENT '事件记录时间 | when it was recorded',
    warnings            Array(String)          COMMENT '校验警告 | warnings, such as an unknown code',
    digest              UInt64                 COMMENT '内容摘要 | digest of the content',
    ledger_version      UInt64                 COMMENT '账目版本 | ledger version: epoch << 48 | offset',
    source_topic        LowCardinality(String) COMMENT '来源主题 | source topic',
    source_partition    Int32                  COMMENT '来源分区 | source partition',
    source_position     UInt64                 COMMENT '来源位置 | source position: epoch << 48 | offset',
    kafka_partition     Int32                  COMMENT '账目分区 | partition of ledger.v1',
    kafka_offset        Int64                  COMMENT '账目偏移 | offset in ledger.v1',
    first_wins          UInt64 MATERIALIZED bitNot(ledger_version) COMMENT '先到者胜 | the first ledger version wins'
)
ENGINE = ReplacingMergeTree(first_wins)
ORDER BY (hospital, patient_id, visit_id, charge_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '费用明细，每条一行 | fee lines';

CREATE TABLE IF NOT EXISTS order_event
(
    hospital            LowCardinality(String) COMMENT '医院编码 | hospital code',
    patient_id          String                 COMMENT '院内患者号 | patient',
    visit_id            String                 COMMENT '就诊号 | visit',
    order_id            String                 COMMENT '医嘱号 | order',
    event_id            String                 COMMENT '事件号 | event',
    kind                LowCardinality(String) COMMENT 'placed、changed、stopped、cancelled | what happened',
    item_code           String                 COMMENT '国家医保目录编码 | national item code',
    hospital_item_code  String                 COMMENT '院内项目编码 | the hospital''s item code',
    quantity_e4         Int64                  COMMENT '数量，万分之一 | quantity in 1e-4',
    dose                String                 COMMENT '剂量 | dose',
    frequency           String                 COMMENT '频次 | frequency',
    days                UInt16                 COMMENT '天数 | days',
    unit_price_micro    Int64                  COMMENT '单价，百万分之一元 | unit price in 1e-6 yuan',
    long_term           Bool                   COMMENT '长期医嘱 | long-term order',
    take_home           Bool                   COMMENT '出院带药 | take-home drug',
    department          LowCardinality(String) COMMENT '开单科室 | department',
    doctor              String                 COMMENT '开单医师 | doctor',
    doctor_grade        LowCardinality(String) COMMENT '医师职级 | doctor''s grade',
    person_no           String                 COMMENT '医保人员编号 | insured person number',
    occurred_at         DateTime64(3, 'UTC')   COMMENT '事件发生时间 | when the event happened',
    recorded_at         DateTime64(3, 'UTC')   COMMENT '事件记录时间 | when it was recorded',
    warnings            Array(String)          COMMENT '校验警告 | warnings',
    digest              UInt64                 COMMENT '内容摘要 | digest of the content',
    ledger_version      UInt64                 COMMENT '账目版本 | ledger version',
    source_topic        LowCardinality(String) COMMENT '来源主题 | source topic',
    source_partition    Int32                  COMMENT '来源分区 | source partition',
    source_position     UInt64                 COMMENT '来源位置 | source position',
    kafka_partition     Int32                  COMMENT '账目分区 | partition of ledger.v1',
    kafka_offset        Int64                  COMMENT '账目偏移 | offset in ledger.v1',
    first_wins          UInt64 MATERIALIZED bitNot(ledger_version) COMMENT '先到者胜 | the first ledger version wins'
)
ENGINE = ReplacingMergeTree(first_wins)
ORDER BY (hospital, patient_id, visit_id, order_id, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '医嘱事件，每次变动一行；当前状态见 v_order | order events; how an order stands: v_order';

CREATE TABLE IF NOT EXISTS admission_event
(
    hospital            LowCardinality(String) COMMENT '医院编码 | hospital code',
    patient_id          String                 COMMENT '院内患者号 | patient',
    visit_id            String                 COMMENT '就诊号 | visit',
    event_id            String                 COMMENT '事件号 | event',
    kind                LowCardinality(String) COMMENT 'admit、register、transfer、discharge、update、cover、cancel_admit、cancel_discharge',
    insurance_type      LowCardinality(String) COMMENT '险种 | insurance type',
    care_type           LowCardinality(String) COMMENT '医疗类别 | care type',
    person_type         LowCardinality(String) COMMENT '人员类别 | person type',
    sex                 LowCardinality(String) COMMENT '性别 | sex',
    birth_date          String                 COMMENT '出生日期 | date of birth',
    ward                LowCardinality(String) COMMENT '病区 | ward',
    bed                 String                 COMMENT '床位 | bed',
    department          LowCardinality(String) COMMENT '科室 | department',
    doctor              String                 COMMENT '主管医师 | doctor',
    diagnosis_code      Array(String)          COMMENT '诊断编码 | diagnoses',
    diagnosis_role      Array(String)          COMMENT '主诊断 main、其他 other | their roles',
    procedure_code      Array(String)          COMMENT '手术操作编码 | procedures',
    leave               Nullable(Bool)         COMMENT '请假 | on leave; null = not said',
    discharge_way       LowCardinality(String) COMMENT '离院方式 | way of discharge',
    disease_code        String                 COMMENT '病种编码 | disease code',
    person_no           String                 COMMENT '医保人员编号 | insured person number',
    occurred_at         DateTime64(3, 'UTC')   COMMENT '事件发生时间 | when the event happened',
    recorded_at         DateTime64(3, 'UTC')   COMMENT '事件记录时间 | when it was recorded',
    warnings            Array(String)          COMMENT '校验警告 | warnings',
    digest              UInt64                 COMMENT '内容摘要 | digest of the content',
    ledger_version      UInt64                 COMMENT '账目版本 | ledger version',
    source_topic        LowCardinality(String) COMMENT '来源主题 | source topic',
    source_partition    Int32                  COMMENT '来源分区 | source partition',
    source_position     UInt64                 COMMENT '来源位置 | source position',
    kafka_partition     Int32                  COMMENT '账目分区 | partition of ledger.v1',
    kafka_offset        Int64                  COMMENT '账目偏移 | offset in ledger.v1',
    first_wins          UInt64 MATERIALIZED bitNot(ledger_version) COMMENT '先到者胜 | the first ledger version wins'
)
ENGINE = ReplacingMergeTree(first_wins)
ORDER BY (hospital, patient_id, visit_id, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '入院、转科、出院等事件 | admission events';

CREATE TABLE IF NOT EXISTS settlement_event
(
    hospital            LowCardinality(String) COMMENT '医院编码 | hospital code',
    patient_id          String                 COMMENT '院内患者号 | patient',
    visit_id            String                 COMMENT '就诊号 | visit',
    event_id            String                 COMMENT '事件号 | event',
    settlement_id       String                 COMMENT '结算单号 | settlement',
    kind                LowCardinality(String) COMMENT 'settled、cancelled | settled or withdrawn',
    insurance_type      LowCardinality(String) COMMENT '险种 | insurance type',
    care_type           LowCardinality(String) COMMENT '医疗类别 | care type',
    total_fen           Int64                  COMMENT '医疗费总额 | total',
    full_self_pay_fen   Int64                  COMMENT '全自费金额 | full self-pay',
    over_limit_fen      Int64                  COMMENT '超限价自费 | over the price limit',
    first_self_pay_fen  Int64                  COMMENT '先行自付 | first self-pay',
    within_scope_fen    Int64                  COMMENT '符合政策范围金额 | within scope',
    deductible_fen      Int64                  COMMENT '实际支付起付线 | deductible paid',
    basic_fund_fen      Int64                  COMMENT '基本医疗保险统筹 | basic fund',
    civil_servant_fen   Int64                  COMMENT '公务员补助 | civil servants',
    enterprise_fen      Int64                  COMMENT '企业补充 | enterprise',
    critical_illness_fen Int64                 COMMENT '居民大病 | critical illness',
    large_amount_fen    Int64                  COMMENT '职工大额 | large amounts',
    disabled_fen        Int64                  COMMENT '伤残人员 | disabled soldiers',
    assistance_fen      Int64                  COMMENT '医疗救助 | assistance',
    other_fund_fen      Int64                  COMMENT '其他支出 | other funds',
    fund_total_fen      Int64                  COMMENT '基金支付总额 | funds together',
    hospital_part_fen   Int64                  COMMENT '医院负担 | the hospital''s part',
    patient_part_fen    Int64                  COMMENT '个人负担 | the patient''s part',
    account_paid_fen    Int64                  COMMENT '个人账户 | personal account',
    mutual_aid_paid_fen Int64                  COMMENT '共济账户 | family account',
    cash_paid_fen       Int64                  COMMENT '现金 | cash',
    clearing_way        LowCardinality(String) COMMENT '清算方式 | clearing way',
    clearing_type       LowCardinality(String) COMMENT '清算类别 | clearing type',
    person_no           String                 COMMENT '医保人员编号 | insured person number',
    occurred_at         DateTime64(3, 'UTC')   COMMENT '事件发生时间 | when the event happened',
    recorded_at         DateTime64(3, 'UTC')   COMMENT '事件记录时间 | when it was recorded',
    warnings            Array(String)          COMMENT '校验警告 | warnings',
    digest              UInt64                 COMMENT '内容摘要 | digest of the content',
    ledger_version      UInt64                 COMMENT '账目版本 | ledger version',
    source_topic        LowCardinality(String) COMMENT '来源主题 | source topic',
    source_partition    Int32                  COMMENT '来源分区 | source partition',
    source_position     UInt64                 COMMENT '来源位置 | source position',
    kafka_partition     Int32                  COMMENT '账目分区 | partition of ledger.v1',
    kafka_offset        Int64                  COMMENT '账目偏移 | offset in ledger.v1',
    first_wins          UInt64 MATERIALIZED bitNot(ledger_version) COMMENT '先到者胜 | the first ledger version wins'
)
ENGINE = ReplacingMergeTree(first_wins)
ORDER BY (hospital, patient_id, visit_id, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '医保实际结算 (2304/2305)，金额为分 | what the insurer settled, fen';

CREATE TABLE IF NOT EXISTS alert_ack
(
    hospital            LowCardinality(String) COMMENT '医院编码 | hospital code',
    patient_id          String                 COMMENT '院内患者号 | patient',
    visit_id            String                 COMMENT '就诊号 | visit',
    event_id            String                 COMMENT '事件号 | event',
    alert_id            String                 COMMENT '告警号 | alert',
    actor               String                 COMMENT '操作人 | who',
    role                LowCardinality(String) COMMENT '角色 | in which role',
    decision            LowCardinality(String) COMMENT '处置 | decision',
    reason              String                 COMMENT '原因 | reason',
    person_no           String                 COMMENT '医保人员编号 | insured person number',
    occurred_at         DateTime64(3, 'UTC')   COMMENT '事件发生时间 | when the event happened',
    recorded_at         DateTime64(3, 'UTC')   COMMENT '事件记录时间 | when it was recorded',
    warnings            Array(String)          COMMENT '校验警告 | warnings',
    digest              UInt64                 COMMENT '内容摘要 | digest of the content',
    ledger_version      UInt64                 COMMENT '账目版本 | ledger version',
    source_topic        LowCardinality(String) COMMENT '来源主题 | source topic',
    source_partition    Int32                  COMMENT '来源分区 | source partition',
    source_position     UInt64                 COMMENT '来源位置 | source position',
    kafka_partition     Int32                  COMMENT '账目分区 | partition of ledger.v1',
    kafka_offset        Int64                  COMMENT '账目偏移 | offset in ledger.v1',
    first_wins          UInt64 MATERIALIZED bitNot(ledger_version) COMMENT '先到者胜 | the first ledger version wins'
)
ENGINE = ReplacingMergeTree(first_wins)
ORDER BY (hospital, patient_id, visit_id, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '患者告警的答复，原样；全部已采纳的答复（含科室告警）见 v_alert_answer | answers to visit alerts as given; all accepted ones: v_alert_answer';
