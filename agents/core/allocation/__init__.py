"""Secondary allocation (科室二次分配): department quotas and budgets from three years of history. Pure; exact integers.

1. `sample`: rows of history into cases by department, care type (and insurance type), and year.
2. `trimming`, `base`: each year's mean without outliers, the weighted mean of the years, the case mix.
3. `proposal`: growth, limits, manual factors; what thin and new departments get.
4. `binding`: the sum bound to the hospital's total, exact to the fen.
5. `season`: months. `allocate`: all of it in order. `execution`: what is spent against time.

DOMAIN 1.2 B-03 (定额用近3年患者数据计算), B-15, 2.4 (1:2:7), 1.6 F-02.
"""
