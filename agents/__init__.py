"""Why the pipeline decides: the hospital's rules, a pure core with thin Faust agents around it. Never imports sinks."""
