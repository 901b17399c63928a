# SPDX-License-Identifier: Apache-2.0
# Read by ctest after the discovered tests: the display runs under the sanitizers too.
set_tests_properties(${vga_test_TESTS} PROPERTIES LABELS sanitize)
