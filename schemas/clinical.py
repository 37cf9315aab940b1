"""Diagnoses and operations as admission events state them (2401 `diseinfo`, 4101 `oprninfo`)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.fields import CodeText, Ms, named


class Diagnosis(BaseModel):
    """One diagnosis: ICD-10 医保版 code, `main` or `other`, when it was made."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, coerce_numbers_to_str=True)
    code: CodeText = named("code", "diag_code", "dise_codg")
    role: CodeText = "other"
    made_at: Ms | None = named("time", "made_at", "diag_time", default=None)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"code": data}
        if isinstance(data, dict):
            filled = {name: value for name, value in data.items() if value is not None}
            if "role" not in filled and str(filled.get("maindiag_flag", filled.get("maindise_flag", ""))) == "1":
                filled["role"] = "main"
            return filled
        return data


class Procedure(BaseModel):
    """One operation: ICD-9-CM-3 医保版 code, when, and which incision group it shares."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, coerce_numbers_to_str=True)
    code: CodeText = named("code", "oprn_oprt_code", "oprn_code")
    performed_at: Ms | None = named("time", "performed_at", "oprn_date", "oprn_oprt_date", default=None)
    incision_group: CodeText = ""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"code": data}
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data
