"""How the pipeline is put somewhere: the local stack, the demo hospital, deployment files. Nothing below needs it."""
