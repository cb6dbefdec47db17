#include "gzip.h"

#include <stdint.h>

static uint32_t crc32_of(const unsigned char *bytes, size_t length)
{
	uint32_t crc = 0xffffffffU;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

/* Little-endian. */
static void put_number(struct str *out, uint32_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		str_char(out, (char)(number >> 8 * i & 0xff));
}

/* Stored blocks hold up to 65,535 bytes each (RFC 1951, section 3.2.4). */
void gzip_pack(const struct str *bytes, struct str *out)
{
	static const char header[] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	const char *text = str_text(bytes);
	size_t at = 0;

	str_add(out, header, sizeof(header));
	do {
		size_t left = bytes->length - at, size = left < 65535 ? left : 65535;
		str_char(out, size == left);
		put_number(out, (uint32_t)size, 2);
		put_number(out, ~(uint32_t)size, 2);
		str_add(out, text + at, size);
		at += size;
	} while (at < bytes->length);
	put_number(out, crc32_of((const unsigned char *)text, bytes->length), 4);
	put_number(out, (uint32_t)bytes->length, 4);
}
