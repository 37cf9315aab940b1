"""The rules that ship: one file a rule (definition, 示例 knowledge points, cases), scenes, exemptions; their reader."""
