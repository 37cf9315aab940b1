-- 规则：事件的细节字段，疑点、医嘱校验、历史复核的表。
-- Rules: what events say that only rules look at, and the tables of findings, order checks and re-audits.
--
-- Rows written before this migration say nothing of the particulars: null, empty, or 0.
-- What a re-audit finds has a table of its own: nobody takes it for what was found at work.

ALTER TABLE charge_line
    ADD COLUMN IF NOT EXISTS herbal_use LowCardinality(String)
        COMMENT '饮片用法：1 复方、2 单方 | herbal pieces in a compound prescription, or by themselves' AFTER limited_use_met,
    ADD COLUMN IF NOT EXISTS consent Nullable(Bool)
        COMMENT '自费知情同意；空为未提供 | the patient agreed to pay; null = not said' AFTER herbal_use,
    ADD COLUMN IF NOT EXISTS incision_group String
        COMMENT '同一切口组 | operations that share an incision' AFTER consent,
    ADD COLUMN IF NOT EXISTS executing_doctor String
        COMMENT '执行医师 | who carried it out' AFTER incision_group,
    ADD COLUMN IF NOT EXISTS take_home Nullable(Bool)
        COMMENT '出院带药；空为未提供 | take-home drug; null = not said' AFTER executing_doctor,
    ADD COLUMN IF NOT EXISTS days UInt16
        COMMENT '可用天数，0 为未提供 | how long the supply lasts; 0 = not said' AFTER take_home,
    ADD COLUMN IF NOT EXISTS name String
        COMMENT '院内名称 | the item as the hospital calls it' AFTER days;

ALTER TABLE order_event
    ADD COLUMN IF NOT EXISTS prescription_id String
        COMMENT '处方号 | prescription' AFTER doctor_grade,
    ADD COLUMN IF NOT EXISTS order_group String
        COMMENT '组号 | orders given together (grpno)' AFTER prescription_id,
    ADD COLUMN IF NOT EXISTS list_type LowCardinality(String)
        COMMENT '目录类别 | catalogue kind' AFTER order_group,
    ADD COLUMN IF NOT EXISTS category LowCardinality(String)
        COMMENT '收费类别 01–14，原样 | category as sent' AFTER list_type,
    ADD COLUMN IF NOT EXISTS level LowCardinality(String)
        COMMENT '甲乙丙等级，原样 | class as sent' AFTER category,
    ADD COLUMN IF NOT EXISTS dose_unit LowCardinality(String)
        COMMENT '剂量单位 | unit of the dose' AFTER level,
    ADD COLUMN IF NOT EXISTS route LowCardinality(String)
        COMMENT '给药途径 | how it is given' AFTER dose_unit,
    ADD COLUMN IF NOT EXISTS speciality LowCardinality(String)
        COMMENT '医师专科 | the doctor''s speciality' AFTER route,
    ADD COLUMN IF NOT EXISTS ends_at Nullable(DateTime64(3, 'UTC'))
        COMMENT '停止时间；空为未提供 | when it ends; null = not said' AFTER speciality,
    ADD COLUMN IF NOT EXISTS herbal_use LowCardinality(String)
        COMMENT '饮片用法：1 复方、2 单方 | herbal pieces in a compound prescription, or by themselves' AFTER ends_at,
    ADD COLUMN IF NOT EXISTS consent Nullable(Bool)
        COMMENT '自费知情同意；空为未提供 | the patient agreed to pay; null = not said' AFTER herbal_use,
    ADD COLUMN IF NOT EXISTS name String
        COMMENT '名称 | name' AFTER consent,
    ADD COLUMN IF NOT EXISTS request_id String
        COMMENT '随此医嘱的校验请求 | the order check this event asks for' AFTER name;

ALTER TABLE admission_event
    ADD COLUMN IF NOT EXISTS diagnosis_made_at Array(Nullable(DateTime64(3, 'UTC')))
        COMMENT '诊断时间；空为未提供 | when they were made; null = not said' AFTER diagnosis_role,
    ADD COLUMN IF NOT EXISTS procedure_performed_at Array(Nullable(DateTime64(3, 'UTC')))
        COMMENT '手术时间；空为未提供 | when they were performed; null = not said' AFTER procedure_code,
    ADD COLUMN IF NOT EXISTS procedure_incision_group Array(String)
        COMMENT '同一切口组 | operations that share an incision' AFTER procedure_performed_at,
    ADD COLUMN IF NOT EXISTS pregnancy LowCardinality(String)
        COMMENT '1 妊娠、2 哺乳、0 其他 | pregnant, breast-feeding (matn_stas)' AFTER limit_paid_fen,
    ADD COLUMN IF NOT EXISTS urgent Nullable(Bool)
        COMMENT '急诊；空为未提供 | an emergency; null = not said' AFTER pregnancy,
    ADD COLUMN IF NOT EXISTS online Nullable(Bool)
        COMMENT '互联网就诊；空为未提供 | a visit to an internet hospital; null = not said' AFTER urgent,
    ADD COLUMN IF NOT EXISTS blood_type LowCardinality(String)
        COMMENT '血型 | blood type' AFTER online,
    ADD COLUMN IF NOT EXISTS census LowCardinality(String)
        COMMENT '探访：in_bed 在床、leave 请假、absent 不在 | what a ward visit found' AFTER blood_type,
    ADD COLUMN IF NOT EXISTS died_at Nullable(DateTime64(3, 'UTC'))
        COMMENT '死亡时间；空为未提供 | when the patient died; null = not said' AFTER census,
    ADD COLUMN IF NOT EXISTS readmission LowCardinality(String)
        COMMENT 'planned 计划内、unplanned 非计划再入院 | planned or unplanned readmission' AFTER died_at,
    ADD COLUMN IF NOT EXISTS visit_mode LowCardinality(String)
        COMMENT '就医方式 1 门诊、2 住院、3 购药、4 其他 | how care was sought (med_mdtrt_type)' AFTER readmission;

CREATE TABLE IF NOT EXISTS finding
(
    finding_id            String                 COMMENT '疑点号：医院|患者|就诊|规则|对象 | finding: hospital, patient, visit, rule, subject',
    version               UInt64                 COMMENT '版本＝引起变化的账目版本 | ledger version of what changed it',
    hospital              LowCardinality(String) COMMENT '医院编码 | hospital code',
    patient_id            String                 COMMENT '院内患者号 | patient',
    visit_id              String                 COMMENT '就诊号 | visit',
    rule                  LowCardinality(String) COMMENT '规则编码 | code of the rule',
    rule_number           UInt16                 COMMENT '国家规则序号 1–88，其余为 0 | number of the national class; 0 = another rule',
    rule_name_zh          LowCardinality(String) COMMENT '规则名称 | name of the rule',
    rule_name_en          LowCardinality(String) COMMENT '英文名称 | the same in English',
    category              LowCardinality(String) COMMENT 'policy、management、medical、detector | first-level category',
    kind                  LowCardinality(String) COMMENT '规则种类 | kind of rule: its logic',
    grade                 LowCardinality(String) COMMENT 'violation 明确违规、suspicion 可疑、lead 线索 | grade',
    phase                 LowCardinality(String) COMMENT 'order 事前、charge 事中、review 事后 | phase',
    scenes                Array(UInt8)           COMMENT '所属场景 1–15 | scenes it is counted in',
    subject               String                 COMMENT '对象，多为知识点 | what tells findings of a rule apart, mostly the knowledge point',
    status                LowCardinality(String) COMMENT 'open 成立、withdrawn 已撤回 | whether its cause holds',
    is_shadow             Bool                   COMMENT '试运行规则的结果，不提示 | of a rule on trial: shown to nobody at work',
    amount_fen            Int64                  COMMENT '涉及金额，分 | what is at stake, fen (vola_amt)',
    evidence_line_id      Array(String)          COMMENT '依据：行号 | evidence: lines it rests on; parallel arrays',
    evidence_source       Array(String)          COMMENT 'charge、order、proposed、visit | what the line is',
    evidence_item         Array(String)          COMMENT '项目编码 | item',
    evidence_name         Array(String)          COMMENT '项目名称 | its name',
    evidence_at           Array(Nullable(DateTime64(3, 'UTC'))) COMMENT '时间 | when; null = not said',
    evidence_quantity_e4  Array(Int64)           COMMENT '数量，万分之一 | quantity in 1e-4',
    evidence_amount_fen   Array(Int64)           COMMENT '其中涉及金额，分 | what of the line is at stake, net of refunds',
    evidence_is_violating Array(Bool)            COMMENT '违规项（否则为涉及项） | a violating line, else one involved',
    evidence_count        UInt32                 COMMENT '依据行数，含未列出的 | how many lines, those not listed included',
    what_zh               String                 COMMENT '问题 | what is wrong',
    what_en               String                 COMMENT '英文问题 | the same in English',
    clause_zh             String                 COMMENT '政策依据 | which clause says so',
    clause_en             String                 COMMENT '英文依据 | the same in English',
    clause_source         String                 COMMENT '依据出处 | where the clause stands',
    advice_zh             String                 COMMENT '建议 | what to do instead',
    advice_en             String                 COMMENT '英文建议 | the same in English',
    message_zh            String                 COMMENT '完整提示 | all of it in one sentence',
    message_en            String                 COMMENT '英文提示 | the same in English',
    parameter_name        Array(String)          COMMENT '起决定作用的参数：名 | parameters that decided; parallel arrays',
    parameter_value       Array(String)          COMMENT '参数值，含单位 | their values with units',
    input_name            Array(String)          COMMENT '实测：名 | what was measured; parallel arrays',
    input_value           Array(String)          COMMENT '实测值，含单位 | measured values with units',
    policy_version        LowCardinality(String) COMMENT '政策版本 | policy book version',
    point                 String                 COMMENT '知识点 | knowledge point',
    department            LowCardinality(String) COMMENT '科室 | department',
    doctor                String                 COMMENT '医师 | doctor',
    ward                  LowCardinality(String) COMMENT '病区 | ward',
    bed                   String                 COMMENT '床位 | bed',
    raised_at             DateTime64(3, 'UTC')   COMMENT '成立时间 | when it was opened last',
    updated_at            DateTime64(3, 'UTC')   COMMENT '最近变动 | last change',
    times                 Int32                  COMMENT '成立次数 | how often it was opened',
    answer_at             Array(DateTime64(3, 'UTC')) COMMENT '答复：时间 | answers; parallel arrays',
    answer_actor          Array(String)          COMMENT '答复人 | who answered',
    answer_role           Array(String)          COMMENT '角色 | in which role',
    answer_decision       Array(String)          COMMENT '处置 | decision',
    answer_reason         Array(String)          COMMENT '原因 | reason',
    answer_event_id       Array(String)          COMMENT '答复事件 | the event of the answer',
    kafka_partition       Int32                  COMMENT '分区 | partition of finding.v1',
    kafka_offset          Int64                  COMMENT '偏移 | offset in finding.v1'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY finding_id
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '疑点：每条规则、每个对象一行 | findings, one row a rule and subject';

CREATE TABLE IF NOT EXISTS order_check
(
    hospital         LowCardinality(String) COMMENT '医院编码 | hospital code',
    patient_id       String                 COMMENT '院内患者号 | patient',
    visit_id         String                 COMMENT '就诊号 | visit',
    request_id       String                 COMMENT '请求号 | request (task_id)',
    version          UInt64                 COMMENT '所依据状态的账目版本，0 为无 | ledger version of the state it was checked on; 0 = on none',
    outcome          LowCardinality(String) COMMENT 'passed 通过、findings 有疑点、unfinished 校验未完成 | what it came to',
    at               DateTime64(3, 'UTC')   COMMENT '校验时间 | when',
    via              LowCardinality(String) COMMENT 'http、topic | how it was asked',
    digest           String                 COMMENT '请求内容摘要 | digest of the request',
    scene            LowCardinality(String) COMMENT '触发场景 1–10 | what made HIS ask (trig_scen)',
    reason           LowCardinality(String) COMMENT '未完成原因 | why it was not finished',
    detail           String                 COMMENT '说明 | detail',
    order_ids        Array(String)          COMMENT '所校验的医嘱 | orders that were checked',
    not_checked_rule Array(String)          COMMENT '未能判断的规则 | rules that could not be judged; parallel arrays',
    not_checked_why  Array(String)          COMMENT '原因 | why',
    took_us          Int64                  COMMENT '耗时，微秒 | time it took, microseconds',
    policy_version   LowCardinality(String) COMMENT '政策版本 | policy book version',
    finding_count    UInt32                 COMMENT '疑点数 | findings',
    amount_fen       Int64                  COMMENT '涉及金额，分，不含试运行 | what they come to, those on trial left out',
    findings         String                 COMMENT '疑点，JSON 原样，见 v_order_check_finding | findings as published, spread out by v_order_check_finding',
    kafka_partition  Int32                  COMMENT '分区 | partition of order.check.v1',
    kafka_offset     Int64                  COMMENT '偏移 | offset in order.check.v1'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (hospital, patient_id, request_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '医嘱校验的答复，每次请求一行 | answers to order checks, one row a request';

CREATE TABLE IF NOT EXISTS reaudit_finding
(
    run_id                String                 COMMENT '复核批次 | run',
    run_at                DateTime64(3, 'UTC')   COMMENT '开始时间 | when it began',
    run_first             Date32                 COMMENT '期间首日 | first day of the period',
    run_last              Date32                 COMMENT '期间末日 | last day of the period',
    run_policy_version    LowCardinality(String) COMMENT '所用政策版本 | policy book version of the run',
    run_rules             Array(String)          COMMENT '所选规则，空为全部 | rules it was held to; empty = all',
    standing              LowCardinality(String) COMMENT 'new 新增、same 一致、changed 金额不同、gone 不再成立 | how it stands against what is stored',
    stored_amount_fen     Nullable(Int64)        COMMENT '原金额，分；空为原无 | amount as stored; null = not stored',
    stored_policy_version LowCardinality(String) COMMENT '原政策版本 | policy book version as stored',
    visit_ended_at        Nullable(DateTime64(3, 'UTC')) COMMENT '就诊结束时间；空为非就诊 | when the visit ended; null = about no visit',
    finding_id            String                 COMMENT '疑点号：医院|患者|就诊|规则|对象 | finding: hospital, patient, visit, rule, subject',
    version               UInt64                 COMMENT '版本＝引起变化的账目版本 | ledger version of what changed it',
    hospital              LowCardinality(String) COMMENT '医院编码 | hospital code',
    patient_id            String                 COMMENT '院内患者号 | patient',
    visit_id              String                 COMMENT '就诊号 | visit',
    rule                  LowCardinality(String) COMMENT '规则编码 | code of the rule',
    rule_number           UInt16                 COMMENT '国家规则序号 1–88，其余为 0 | number of the national class; 0 = another rule',
    rule_name_zh          LowCardinality(String) COMMENT '规则名称 | name of the rule',
    rule_name_en          LowCardinality(String) COMMENT '英文名称 | the same in English',
    category              LowCardinality(String) COMMENT 'policy、management、medical、detector | first-level category',
    kind                  LowCardinality(String) COMMENT '规则种类 | kind of rule: its logic',
    grade                 LowCardinality(String) COMMENT 'violation 明确违规、suspicion 可疑、lead 线索 | grade',
    phase                 LowCardinality(String) COMMENT 'order 事前、charge 事中、review 事后 | phase',
    scenes                Array(UInt8)           COMMENT '所属场景 1–15 | scenes it is counted in',
    subject               String                 COMMENT '对象，多为知识点 | what tells findings of a rule apart, mostly the knowledge point',
    status                LowCardinality(String) COMMENT 'open 成立、withdrawn 已撤回 | whether its cause holds',
    is_shadow             Bool                   COMMENT '试运行规则的结果，不提示 | of a rule on trial: shown to nobody at work',
    amount_fen            Int64                  COMMENT '涉及金额，分 | what is at stake, fen (vola_amt)',
    evidence_line_id      Array(String)          COMMENT '依据：行号 | evidence: lines it rests on; parallel arrays',
    evidence_source       Array(String)          COMMENT 'charge、order、proposed、visit | what the line is',
    evidence_item         Array(String)          COMMENT '项目编码 | item',
    evidence_name         Array(String)          COMMENT '项目名称 | its name',
    evidence_at           Array(Nullable(DateTime64(3, 'UTC'))) COMMENT '时间 | when; null = not said',
    evidence_quantity_e4  Array(Int64)           COMMENT '数量，万分之一 | quantity in 1e-4',
    evidence_amount_fen   Array(Int64)           COMMENT '其中涉及金额，分 | what of the line is at stake, net of refunds',
    evidence_is_violating Array(Bool)            COMMENT '违规项（否则为涉及项） | a violating line, else one involved',
    evidence_count        UInt32                 COMMENT '依据行数，含未列出的 | how many lines, those not listed included',
    what_zh               String                 COMMENT '问题 | what is wrong',
    what_en               String                 COMMENT '英文问题 | the same in English',
    clause_zh             String                 COMMENT '政策依据 | which clause says so',
    clause_en             String                 COMMENT '英文依据 | the same in English',
    clause_source         String                 COMMENT '依据出处 | where the clause stands',
    advice_zh             String                 COMMENT '建议 | what to do instead',
    advice_en             String                 COMMENT '英文建议 | the same in English',
    message_zh            String                 COMMENT '完整提示 | all of it in one sentence',
    message_en            String                 COMMENT '英文提示 | the same in English',
    parameter_name        Array(String)          COMMENT '起决定作用的参数：名 | parameters that decided; parallel arrays',
    parameter_value       Array(String)          COMMENT '参数值，含单位 | their values with units',
    input_name            Array(String)          COMMENT '实测：名 | what was measured; parallel arrays',
    input_value           Array(String)          COMMENT '实测值，含单位 | measured values with units',
    policy_version        LowCardinality(String) COMMENT '政策版本 | policy book version',
    point                 String                 COMMENT '知识点 | knowledge point',
    department            LowCardinality(String) COMMENT '科室 | department',
    doctor                String                 COMMENT '医师 | doctor',
    ward                  LowCardinality(String) COMMENT '病区 | ward',
    bed                   String                 COMMENT '床位 | bed',
    raised_at             DateTime64(3, 'UTC')   COMMENT '成立时间 | when it was opened last',
    updated_at            DateTime64(3, 'UTC')   COMMENT '最近变动 | last change',
    times                 Int32                  COMMENT '成立次数 | how often it was opened',
    answer_at             Array(DateTime64(3, 'UTC')) COMMENT '答复：时间 | answers; parallel arrays',
    answer_actor          Array(String)          COMMENT '答复人 | who answered',
    answer_role           Array(String)          COMMENT '角色 | in which role',
    answer_decision       Array(String)          COMMENT '处置 | decision',
    answer_reason         Array(String)          COMMENT '原因 | reason',
    answer_event_id       Array(String)          COMMENT '答复事件 | the event of the answer'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (run_id, finding_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT '历史复核的结果，每批次每疑点一行 | what re-audits found, one row a run and finding';
