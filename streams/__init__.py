"""How the pipeline runs: settings, topics, the Faust app, state tables, health, the command line. Knows no business rule."""
