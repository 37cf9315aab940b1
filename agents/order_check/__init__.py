"""The order check over HTTP (事前/事中审核): questions read, answers remembered, feedback passed on."""
