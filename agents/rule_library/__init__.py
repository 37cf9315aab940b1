"""The rules that ship: one file a rule (its definition, 示例 knowledge points, cases), scenes, exemptions; their
reader.
"""
