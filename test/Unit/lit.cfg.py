"""The GoogleTest programs of the build, one lit test for each of their tests."""

import os

import lit.formats

config.name = "LongNet-Unit"
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.test_source_root = os.path.join(config.longnet_obj_root, "test", "Unit")
config.test_exec_root = config.test_source_root
