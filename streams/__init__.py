"""How the pipeline runs: settings, topics, the Faust app, state, health, the command line. Knows no business rule."""
