#!/bin/sh
# The layout is clang-format's: "make format" mends a breach.
cd "$(dirname "$0")/../.." || exit 2

tool=$(command -v clang-format-14 || echo clang-format)
find lib cmd tests -name '*.[ch]' -exec "$tool" -n --Werror {} + 2>&1 || exit 1
