/* JSON pointers: the first lines of the input, each into the JSON after an empty line. */
#include "shared/fuzz.h"
#include "source/fields.h"
#include "source/marker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err CLEANUP(error_release) = {0};
	char *pointers[8];
	size_t count = 0;

	while (count < ARRAY_SIZE(pointers) && size) {
		pointers[count] = fuzz_line(&data, &size);
		if (!*pointers[count++])
			break;
	}
	char *text AUTO_FREE = fuzz_text(data, size);
	struct fields *fields = fields_parse(text, size, &err);
	if (!fields)
		fuzz_check_error(&err);
	for (size_t i = 0; i < count; i++) {
		struct error problem CLEANUP(error_release) = {0};
		struct secret secret CLEANUP(secret_release) = {0};
		if (fields && fields_read(fields, pointers[i], &secret, &problem))
			(void)marker_find(secret.bytes, secret.length);
		else if (fields)
			fuzz_check_error(&problem);
		mem_free(pointers[i]);
	}
	fields_free(fields);
	return 0;
}
