# SPDX-License-Identifier: Apache-2.0
# Read by ctest after the discovered tests: they run under the sanitizers too.
set_tests_properties(${explore_test_TESTS} PROPERTIES LABELS sanitize)
