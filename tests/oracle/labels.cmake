# SPDX-License-Identifier: Apache-2.0
# Read by ctest after the discovered tests.
set_tests_properties(${oracle_test_TESTS} PROPERTIES LABELS sanitize)
