"""The tables of the facts: one current row a visit, a department and month, a hospital and month; the latest wins."""

from sinks.clickhouse.table import KAFKA, VISIT, VISIT_COLUMNS, Table, columns

VISIT_FACT = Table(
    "visit_fact",
    VISIT,
    "version",
    VISIT_COLUMNS
    + columns("""
    version UInt64
    policy_version LowCardinality(String)
    status LowCardinality(String)
    as_of DateTime64(3, 'UTC')
    person_no String
    insurance_type LowCardinality(String)
    coverage_pending Bool
    care_type LowCardinality(String)
    person_type LowCardinality(String)
    sex LowCardinality(String)
    birth_date String
    department LowCardinality(String)
    ward LowCardinality(String)
    bed String
    doctor String
    main_diagnosis String
    diagnoses Array(String)
    procedures Array(String)
    disease_code String
    discharge_way LowCardinality(String)
    on_leave Bool
    admitted_at Nullable(DateTime64(3, 'UTC'))
    discharged_at Nullable(DateTime64(3, 'UTC'))
    length_of_stay_days Nullable(Int32)
    amount_fen Int64
    gross_fen Int64
    refund_fen Int64
    basic_fen Int64
    today_fen Int64
    charge_count Int64
    refund_count Int64
    unmatched_refund_count Int64
    order_count Int64
    transfer_count Int64
    antibiotic Bool
    category_code Array(String)
    category_amount_fen Array(Int64)
    category_class_a_fen Array(Int64)
    category_class_b_fen Array(Int64)
    category_class_c_fen Array(Int64)
    category_unclassified_fen Array(Int64)
    share_department Array(String)
    share_month Array(UInt32)
    share_amount_fen Array(Int64)
    share_drug_fen Array(Int64)
    share_herbal_fen Array(Int64)
    share_material_fen Array(Int64)
    share_test_fen Array(Int64)
    share_self_pay_fen Array(Int64)
    share_charge_count Array(Int64)
    segment_department Array(String)
    segment_ward Array(String)
    segment_bed Array(String)
    segment_entered_at Array(DateTime64(3, 'UTC'))
    segment_left_at Array(Nullable(DateTime64(3, 'UTC')))
    segment_amount_fen Array(Int64)
    drug_bp Nullable(Int64)
    drug_with_herbal_bp Nullable(Int64)
    material_bp Nullable(Int64)
    test_bp Nullable(Int64)
    service_bp Nullable(Int64)
    self_pay_bp Nullable(Int64)
    catalogue_drug_bp Nullable(Int64)
    quota_policy_id String
    quota_basis LowCardinality(String)
    quota_fen Nullable(Int64)
    quota_used_fen Nullable(Int64)
    quota_used_bp Nullable(Int64)
    over_4x_fen Nullable(Int64)
    open_alerts Array(String)
    worst_level LowCardinality(String)
    settlement_id String
    settled_total_fen Nullable(Int64)
    settled_fund_fen Nullable(Int64)
    settled_patient_fen Nullable(Int64)
    warning_count Int64
    special_person LowCardinality(String)
    out_of_area LowCardinality(String)
    simulated_standing LowCardinality(String)
    simulated_total_fen Nullable(Int64)
    simulated_full_self_pay_fen Nullable(Int64)
    simulated_over_limit_fen Nullable(Int64)
    simulated_first_self_pay_fen Nullable(Int64)
    simulated_within_scope_fen Nullable(Int64)
    simulated_deductible_fen Nullable(Int64)
    simulated_deductible_standard_fen Nullable(Int64)
    simulated_basic_fund_fen Nullable(Int64)
    simulated_pool_share_bp Nullable(Int64)
    simulated_proportion_fen Nullable(Int64)
    simulated_over_cap_fen Nullable(Int64)
    simulated_civil_servant_fen Nullable(Int64)
    simulated_enterprise_fen Nullable(Int64)
    simulated_critical_illness_fen Nullable(Int64)
    simulated_large_amount_fen Nullable(Int64)
    simulated_disabled_fen Nullable(Int64)
    simulated_assistance_fen Nullable(Int64)
    simulated_other_fund_fen Nullable(Int64)
    simulated_fund_total_fen Nullable(Int64)
    simulated_hospital_part_fen Nullable(Int64)
    simulated_patient_part_fen Nullable(Int64)
    simulated_account_paid_fen Nullable(Int64)
    simulated_mutual_aid_paid_fen Nullable(Int64)
    simulated_cash_paid_fen Nullable(Int64)
    simulated_balance_fen Nullable(Int64)
    simulated_test_within_fen Nullable(Int64)
    simulated_test_limit_fen Nullable(Int64)
    simulated_test_over_fen Nullable(Int64)
    simulated_unmapped_fen Nullable(Int64)
    simulated_cap_fen Nullable(Int64)
    simulated_cap_used_fen Nullable(Int64)
    simulated_admission_number Nullable(Int32)
    simulated_benefit_id LowCardinality(String)
    simulated_benefit_source LowCardinality(String)
    simulated_book_version LowCardinality(String)
    simulated_over_disease_limit_fen Nullable(Int64)
    simulated_year Nullable(Int32)
    simulated_pool LowCardinality(String)
    simulated_steps String
    simulated_periods String
    fund_difference_fen Nullable(Int64)
    predicted_days Nullable(Int32)
    predicted_cost_fen Nullable(Int64)
    predicted_daily_fen Nullable(Int64)
    predicted_projected_days Nullable(Int32)
    predicted_projected_cost_fen Nullable(Int64)
    predicted_in_force String
    predicted_best String
    predicted_projection_id String
    predicted_book_version LowCardinality(String)
    in_force_kind LowCardinality(String)
    in_force_name LowCardinality(String)
    in_force_clearing_way LowCardinality(String)
    in_force_group_code String
    in_force_covered_fen Nullable(Int64)
    in_force_standard_fen Nullable(Int64)
    in_force_base_fen Nullable(Int64)
    in_force_income_fen Nullable(Int64)
    in_force_fund_due_fen Nullable(Int64)
    in_force_profit_fen Nullable(Int64)
    in_force_used_bp Nullable(Int64)
    in_force_outlier LowCardinality(String)
    in_force_projected_income_fen Nullable(Int64)
    in_force_projected_profit_fen Nullable(Int64)
    in_force_projected_outlier LowCardinality(String)
    drg_code String
    drg_weight_e4 Int64
    dip_code String
    dip_score_e4 Int64
    special_case Array(String)
    predicted_methods String
    predicted_groups String
    predicted_questions String
    """)
    + KAFKA,
)

#: What a month says, of a department or of the whole hospital.
_MONTH = columns("""
    version UInt64
    policy_version LowCardinality(String)
    as_of DateTime64(3, 'UTC')
    amount_fen Int64
    drug_fen Int64
    herbal_fen Int64
    material_fen Int64
    test_fen Int64
    self_pay_fen Int64
    charge_count Int64
    visit_count Int64
    responsible_count Int64
    discharged_count Int64
    bed_days Int64
    basic_fen Int64
    quota_fen Int64
    quota_used_bp Nullable(Int64)
    over_quota_count Int64
    over_4x_count Int64
    over_4x_fen Int64
    drug_bp Nullable(Int64)
    drug_with_herbal_bp Nullable(Int64)
    material_bp Nullable(Int64)
    test_bp Nullable(Int64)
    self_pay_bp Nullable(Int64)
    open_alerts Array(String)
    fund_fen Int64
    income_fen Int64
    profit_fen Int64
    predicted_profit_fen Int64
    loss_count Int64
    budget_basis LowCardinality(String)
    budget_fen Int64
    budget_to_date_fen Int64
    budget_spent_fen Int64
    budget_used_bp Nullable(Int64)
    budget_pace_bp Nullable(Int64)
""")

DEPARTMENT_FACT = Table(
    "department_fact",
    ("hospital", "department", "month"),
    "version",
    columns("""
    hospital LowCardinality(String)
    department String
    month UInt32
    """)
    + _MONTH
    + KAFKA,
)

#: Apart from the departments, so that nobody who sums those counts everything twice.
HOSPITAL_FACT = Table(
    "hospital_fact",
    ("hospital", "month"),
    "version",
    columns("""
    hospital LowCardinality(String)
    month UInt32
    """)
    + _MONTH
    + KAFKA,
)
