# SPDX-License-Identifier: Apache-2.0
# Read by ctest after the discovered tests: all of this layer runs under the sanitizers too.
set_tests_properties(${gdb_test_TESTS} PROPERTIES LABELS sanitize)
