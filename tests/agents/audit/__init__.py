"""Tests of kongfei audit."""
