/*
 * What fuzz targets share. A target is tests/fuzz/NAME.c with LLVMFuzzerTestOneInput; libFuzzer
 * runs it (make fuzz), and so does shared/replay.c with the files of tests/fuzz/corpus/NAME, which
 * needs no libFuzzer. What does not hold aborts.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *what, const char *file, int line);

/* Every error has a text, and nothing in it can play tricks on a terminal. */
void fuzz_check_error(const struct error *err);
/* The same for the errors of a list, of which there is at least one unless it succeeded. */
void fuzz_check_errors(const struct error_list *errors, bool has_succeeded);

/* The text is UTF-8 without control characters. `breaks`: it may have line breaks. */
void fuzz_check_visible(const char *text, bool breaks);

/* Gives (mem_free) the bytes and a NUL, where their memory ends, so that a byte too far is seen. */
char *fuzz_text(const uint8_t *data, size_t size);

/*
 * Gives (mem_free) the part of the input up to the next line break, which is taken away with it; or
 * all of it if there is none.
 */
char *fuzz_line(const uint8_t **data, size_t *size);

#endif
