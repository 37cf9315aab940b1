"""The demo: a seeded 示例 hospital, and one command that plays it through the real pipeline and tells what happened.

Owns the synthetic hospital (`deploy.demo.hospital`) and the orchestration of the demo. No real data, no real person:
every code, name and price is made up (示例), only its shape follows the national standards.
"""
