#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# leaks.sh [spec file...]: finds C memory of ours that nobody frees, with GCC's
# LeakSanitizer under the specs and the processes that these start.  On Lua
# 5.4: LuaJIT's own memory is not searched for pointers.  Python objects are
# spec/leaks_spec.lua's business: those alive at the end are never released.
. scripts/common.sh

lua=lua5.4
logs=build/leaks
library=$(gcc -print-file-name=liblsan.so)
[ -f "$library" ] || die "GCC's liblsan.so is not there"
rm -rf "$logs"
mkdir -p "$logs"

specs=("$@")
if [ ${#specs[@]} -eq 0 ]; then
    for name in calls classes coroutines crossing errors exec exit functions import iteration \
        lifetime locals numpy_tensor references states tensor_lifetime tensors threads to_lua \
        to_python uncaught views; do
        specs+=("spec/${name}_spec.lua")
    done
fi

# The program's name, which Python keeps.
echo 'leak:lp_loader_start' >"$logs/suppressions"
# Python's own allocator keeps its objects, and the pointers in them, where the
# sanitizer does not look.
export PYTHONMALLOC=malloc
export LSAN_OPTIONS="exitcode=0:malloc_context_size=2:log_path=$PWD/$logs/log"
LSAN_OPTIONS+=":suppressions=$PWD/$logs/suppressions:print_suppressions=0"

failed=()
for spec in "${specs[@]}"; do
    say "leaks: $spec"
    LD_PRELOAD=$(realpath "$library") timeout 300 "$lua" "$(command -v busted)" \
        --exclude-tags=slow "$spec" >"$logs/output" 2>&1 || {
        tail -n 30 "$logs/output"
        failed+=("$spec")
    }
done
[ ${#failed[@]} -eq 0 ] || die "failed under LeakSanitizer: ${failed[*]}"

# "#1" is who called malloc.
if grep -hE '#1 .*/(core|loader)\.so' "$logs"/log.* | sed -E 's/.* in //' | sort | uniq -c |
    grep .; then
    die "these did not free what they allocated (reports: $logs/log.*)"
fi
say "leaks: none"
