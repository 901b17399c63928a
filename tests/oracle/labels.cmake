# SPDX-License-Identifier: Apache-2.0
# Read by ctest after the discovered tests: the oracle's own tests run under the sanitizers too.
set_tests_properties(${oracle_test_TESTS} PROPERTIES LABELS sanitize)
