"""Payment methods (结算方式预测): what each would bring for a visit, admissible or not and why. Pure.

It compares what is admissible and never proposes another diagnosis: gaps of the record become questions (DOMAIN 8).
"""
