"""示例 DRG tables of the CHS-DRG shape, small enough to read; made up for these tests."""

from schemas.book.groups import DrgTables

TABLES = DrgTables.model_validate(
    {
        "version": "示例-DRG",
        "mdc": [
            {"mdc": "A", "name": "先期分组", "order": 0},
            {"mdc": "P", "name": "新生儿", "order": 1, "max_age_days": 28},
            {"mdc": "Y", "name": "HIV", "order": 2, "diagnoses": "B20 B21"},
            {"mdc": "Z", "order": 3, "diagnoses": "S06", "min_body_sites": 2, "body_site": "头"},
            {"mdc": "Z", "order": 3, "diagnoses": "S27 S22", "min_body_sites": 2, "body_site": "胸"},
            {"mdc": "Z", "order": 3, "diagnoses": "S36", "min_body_sites": 2, "body_site": "腹"},
            {"mdc": "B", "order": 5, "diagnoses": "I63 S06"},
            {"mdc": "E", "order": 5, "diagnoses": "J18 J96 B20.9 S27"},
            {"mdc": "G", "order": 5, "diagnoses": "K"},
            {"mdc": "H", "order": 5, "diagnoses": "K80"},
            {"mdc": "M", "order": 5, "diagnoses": "N40", "sex": "1"},
            {"mdc": "N", "order": 5, "diagnoses": "D25", "sex": "2"},
            {"mdc": "O", "order": 5, "diagnoses": "O8", "sex": "2"},
        ],
        "rules": [
            {"mdc": "A", "adrg": "AH1", "section": "surgery", "procedures": "96.72"},
            {"mdc": "P", "adrg": "PU1", "section": "medicine"},
            {"mdc": "Y", "adrg": "YR1", "section": "medicine", "diagnoses": "B20 B21"},
            {"mdc": "Z", "adrg": "ZB1", "section": "surgery", "procedures": "01.24"},
            {"mdc": "Z", "adrg": "ZZ1", "section": "medicine"},
            {"mdc": "B", "adrg": "BR2", "section": "medicine", "diagnoses": "I63"},
            {"mdc": "B", "adrg": "BB1", "section": "surgery", "procedures": "01.24", "diagnoses": "I63 S06"},
            {"mdc": "B", "adrg": "BM1", "section": "procedure", "procedures": "88.41"},
            {"mdc": "E", "adrg": "ES2", "section": "medicine", "diagnoses": "J18"},
            {"mdc": "E", "adrg": "ET1", "section": "medicine", "diagnoses": "J96", "other_diagnoses": "J44"},
            {"mdc": "G", "adrg": "GD1", "section": "surgery", "procedures": "47.0", "procedures_too": "54.2"},
            {"mdc": "G", "adrg": "GD2", "section": "surgery", "procedures": "47.0"},
            {"mdc": "G", "adrg": "GU1", "section": "medicine", "diagnoses": "K35", "max_age_days": 6209},
            {"mdc": "G", "adrg": "GU2", "section": "medicine", "diagnoses": "K35"},
            {"mdc": "H", "adrg": "HU1", "section": "medicine", "diagnoses": "K80"},
            {"mdc": "M", "adrg": "MZ1", "section": "medicine", "diagnoses": "N40"},
            {"mdc": "N", "adrg": "NZ1", "section": "medicine", "diagnoses": "D25"},
        ],
        "groups": [
            *({"code": f"{adrg}9", "weight": "1"} for adrg in ("AH1", "PU1", "YR1", "ZB1", "ZZ1", "BM1", "ET1", "GD1")),
            *({"code": f"{adrg}9", "weight": "1"} for adrg in ("GU1", "GU2", "HU1", "MZ1", "NZ1")),
            {"code": "ES21", "weight": "2", "mean": "16000", "expected_days": 12},
            {"code": "ES23", "weight": "1.5"},
            {"code": "ES25", "weight": "1"},
            {"code": "GD23", "weight": "1.4"},
            {"code": "GD25", "weight": "1.1"},
            {"code": "BR21", "weight": "2"},
            {"code": "BR25", "weight": "1.2"},
            {"code": "BR27", "weight": "0.6", "discharge_ways": "2 5"},
        ],
        "complications": [
            {"diagnosis": "J96", "level": "MCC", "excluded_by": "J18 J96"},
            {"diagnosis": "A41", "level": "MCC"},
            {"diagnosis": "E11", "level": "CC"},
            {"diagnosis": "E11.0", "level": "MCC"},
            {"diagnosis": "N39.0", "level": "CC", "excluded_by": "N39"},
        ],
    }
)
