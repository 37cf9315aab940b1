"""Wards and departments of the 示例 hospital: codes, names, beds and doctors. Codes follow 诊疗科目 numbering."""

from dataclasses import dataclass

HOSPITAL = "H99010100001"
HOSPITAL_NAME = "示例市人民医院"


@dataclass(frozen=True, slots=True)
class Department:
    """A clinical department with one ward. `quota_yuan`: its 示例 人次定额, the same number as in the policy file."""

    code: str
    name: str
    name_en: str
    ward: str
    beds: int
    quota_yuan: int

    @property
    def doctors(self) -> tuple[str, ...]:
        """Doctor codes."""
        return tuple(f"D{self.ward[1:]}{number:02d}" for number in range(1, 6))


GENERAL_SURGERY = Department("A04.01", "普通外科", "general surgery", "W01", 28, 9_000)
ORTHOPAEDICS = Department("A04.03", "骨科", "orthopaedics", "W02", 28, 12_500)
CARDIOLOGY = Department("A03.04", "心血管内科", "cardiology", "W03", 28, 8_000)
NEUROLOGY = Department("A03.05", "神经内科", "neurology", "W04", 26, 4_500)
RESPIRATORY = Department("A03.01", "呼吸内科", "respiratory medicine", "W05", 24, 5_500)
GASTROENTEROLOGY = Department("A03.02", "消化内科", "gastroenterology", "W06", 20, 3_800)
INTENSIVE_CARE = Department("A28", "重症医学科", "intensive care", "W07", 10, 14_000)
OBSTETRICS = Department("A05", "妇产科", "obstetrics and gynaecology", "W08", 20, 4_500)
PAEDIATRICS = Department("A07", "儿科", "paediatrics", "W09", 16, 1_900)
CHINESE_MEDICINE = Department("A50", "中医科", "traditional Chinese medicine", "W10", 0, 0)

DEPARTMENTS = (
    GENERAL_SURGERY,
    ORTHOPAEDICS,
    CARDIOLOGY,
    NEUROLOGY,
    RESPIRATORY,
    GASTROENTEROLOGY,
    INTENSIVE_CARE,
    OBSTETRICS,
    PAEDIATRICS,
    CHINESE_MEDICINE,
)
BY_CODE = {department.code: department for department in DEPARTMENTS}
