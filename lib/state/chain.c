#include "state/chain.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	NONCE_SIZE = 2 * CRYPT_NONCE_BYTES + 1,
	HEX_MAC = 2 * CRYPT_HASH_BYTES,
	FIRST_SIZE = 256,
	PREFIX = CRYPT_CHECKSUM_SIZE, /* checksum, a space */
	LINE_FROM = CRYPT_NONCE_BYTES + CRYPT_TAG_BYTES,
};

static const char magic[] = "cfprov-journal ";

/* ---- the chain ---- */

/* Of the first line, and of each other with all before it. */
static void link_line(struct chain_writer *chain, const char *kind, const char *text, size_t length)
{
	const struct crypt_part parts[] = {{kind, strlen(kind)},
		{(const char *)chain->last, sizeof(chain->last)}, {text, length}};
	unsigned char hash[CRYPT_HASH_BYTES];

	crypt_keyed_hash(chain->mac_key, parts, ARRAY_SIZE(parts), hash);
	memcpy(chain->last, hash, sizeof(hash));
}

static void init_chain(struct chain_writer *chain, enum sealing_form form, const struct key *key)
{
	*chain = (struct chain_writer){.form = form};
	key_subkey(key, KEY_SIGNATURES, chain->mac_key);
	key_subkey(key, KEY_JOURNAL, chain->box_key);
}

static void init_box(struct crypt_box *box, const struct chain_writer *chain)
{
	memcpy(box->key, chain->box_key, sizeof(box->key));
	box->header = (struct crypt_part){(const char *)chain->last, sizeof(chain->last)};
}

/* What the first line says, without its MAC. */
struct first {
	char form[8], lineage[STATE_LINEAGE_LENGTH + 1], key_id[SEALING_ID_SIZE], nonce[NONCE_SIZE];
	long long serial;
};

static int write_first(const struct first *first, char text[static FIRST_SIZE])
{
	return snprintf(text, FIRST_SIZE, "%s1 %s %s %lld %s %s", magic, first->form,
		first->lineage, first->serial, first->key_id, first->nonce);
}

/* ---- writing ---- */

bool chain_begin(struct chain_writer *writer, const struct sealing *sealing,
	const struct state *state, struct str *out, struct error *err)
{
	struct keys *keys = sealing_keys(sealing);
	struct first first = {.serial = state->serial};
	unsigned char nonce[CRYPT_NONCE_BYTES];
	char text[FIRST_SIZE], mac[HEX_MAC + 1];

	*writer = (struct chain_writer){.form = SEALING_PLAIN};
	if (!keys)
		return true;
	if (!key_prepare(&keys->now, state->lineage, err))
		return false;
	init_chain(writer, sealing->encrypts ? SEALING_SEALED : SEALING_SIGNED, &keys->now);
	crypt_nonce(nonce);
	crypt_to_hex(nonce, sizeof(nonce), first.nonce);
	snprintf(first.form, sizeof(first.form), "%s", sealing->encrypts ? "sealed" : "signed");
	memcpy(first.lineage, state->lineage, sizeof(first.lineage));
	memcpy(first.key_id, keys->now.id, sizeof(first.key_id));
	link_line(writer, "journal", text, (size_t)write_first(&first, text));
	crypt_to_hex(writer->last, sizeof(writer->last), mac);
	str_format(out, "%s %s\n", text, mac);
	return true;
}

static void add_sealed(
	struct chain_writer *writer, const char *text, size_t length, struct str *out)
{
	char *sealed AUTO_FREE = mem_alloc(length + LINE_FROM);
	size_t start = out->length;
	struct crypt_box box;

	init_box(&box, writer);
	crypt_nonce(box.nonce);
	memcpy(sealed, box.nonce, sizeof(box.nonce));
	crypt_seal(&box, text, length, sealed + sizeof(box.nonce));
	secret_wipe(&box, sizeof(box));
	crypt_add_base64(out, sealed, length + LINE_FROM);
	link_line(writer, "line", out->bytes + start, out->length - start);
}

void chain_add(struct chain_writer *writer, const char *text, size_t length, struct str *out)
{
	char checksum[CRYPT_CHECKSUM_SIZE], mac[HEX_MAC + 1];

	if (writer->form == SEALING_SEALED) {
		add_sealed(writer, text, length, out);
	} else if (writer->form == SEALING_SIGNED) {
		link_line(writer, "line", text, length);
		crypt_to_hex(writer->last, sizeof(writer->last), mac);
		str_format(out, "%s ", mac);
		str_add(out, text, length);
	} else {
		crypt_checksum(text, length, checksum);
		str_format(out, "%s ", checksum);
		str_add(out, text, length);
	}
	str_char(out, '\n');
}

void chain_release(struct chain_writer *writer)
{
	secret_wipe(writer, sizeof(*writer));
}

/* ---- reading ---- */

/* Finds the end of the line at `at`; false: there is no whole line. */
static bool find_line(struct chain_reader *reader, const char **ret_line, size_t *ret_length)
{
	if (reader->at >= reader->length)
		return false;
	const char *line = reader->bytes + reader->at;
	const char *end = memchr(line, '\n', reader->length - reader->at);
	if (!end)
		return false;
	*ret_line = line;
	*ret_length = (size_t)(end - line);
	return true;
}

/* False: it is not one that cfprov writes, to the last space. */
static bool read_first(
	const char *line, size_t length, struct first *ret_first, char ret_mac[static HEX_MAC + 1])
{
	char text[FIRST_SIZE] = "", again[FIRST_SIZE];
	struct first first = {.serial = 0};

	if (length >= sizeof(text))
		return false;
	memcpy(text, line, length);
	/* NOLINTNEXTLINE(cert-err34-c): what is out of range is not written again the same */
	if (sscanf(text,
		    "cfprov-journal 1 %7s %36[0-9a-f-] %15lld %16[0-9a-f] %48[0-9a-f] %64[0-9a-f]",
		    first.form, first.lineage, &first.serial, first.key_id, first.nonce,
		    ret_mac) != 6 ||
		(strcmp(first.form, "signed") != 0 && strcmp(first.form, "sealed") != 0) ||
		!state_is_lineage(first.lineage) || strlen(first.key_id) != SEALING_ID_SIZE - 1 ||
		strlen(first.nonce) != NONCE_SIZE - 1 || strlen(ret_mac) != HEX_MAC)
		return false;
	int written = write_first(&first, again);
	snprintf(again + written, sizeof(again) - (size_t)written, " %s", ret_mac);
	*ret_first = first;
	return strlen(again) == length && memcmp(again, line, length) == 0;
}

static bool is_mac(const struct chain_writer *chain, const char *claimed)
{
	char mac[HEX_MAC + 1];

	crypt_to_hex(chain->last, sizeof(chain->last), mac);
	return crypt_is_same((const unsigned char *)mac, (const unsigned char *)claimed, HEX_MAC);
}

/* Starts the chain, and says how far to trust it. False: not enough memory. */
static bool judge_first(struct chain_reader *reader, struct keys *keys, const struct first *first,
	const char *mac, struct error *err)
{
	char text[FIRST_SIZE];
	struct key *key = NULL;

	reader->found.trust = SEALING_UNVERIFIED;
	memcpy(reader->found.key_id, first->key_id, sizeof(first->key_id));
	if (!keys)
		return true;
	if (!keys_find(keys, first->lineage, first->key_id, &key, err))
		return false;
	if (!key) {
		reader->found.trust = SEALING_FOREIGN;
		return true;
	}
	init_chain(&reader->chain, reader->found.form, key);
	link_line(&reader->chain, "journal", text, (size_t)write_first(first, text));
	reader->found.trust = !is_mac(&reader->chain, mac) ? SEALING_MODIFIED
			      : key == &keys->old          ? SEALING_OLD_KEY
							   : SEALING_TRUSTED;
	return true;
}

static bool refuse_line(struct chain_reader *reader, struct error *err)
{
	error_set(err,
		"line %zu is not the one that cfprov wrote there: lines were modified, removed, "
		"moved or taken from another journal",
		reader->line);
	return false;
}

bool chain_open(struct chain_reader *reader, const struct sealing *sealing, const struct str *bytes,
	struct error *err)
{
	struct keys *keys = sealing_keys(sealing);
	struct first first = {.serial = 0};
	char mac[HEX_MAC + 1] = "";
	const char *line;
	size_t length;

	*reader = (struct chain_reader){.bytes = bytes->bytes, .length = bytes->length};
	if (!find_line(reader, &line, &length))
		return true;
	if (length < sizeof(magic) - 1 || memcmp(line, magic, sizeof(magic) - 1) != 0) {
		reader->found.trust = sealing_trust_unsigned(sealing);
		return sealing_accepts(sealing, "journal", &reader->found, err);
	}
	reader->line = 1;
	reader->at = length + 1;
	if (!read_first(line, length, &first, mac))
		return refuse_line(reader, err);
	reader->found.form = strcmp(first.form, "sealed") == 0 ? SEALING_SEALED : SEALING_SIGNED;
	if (!judge_first(reader, keys, &first, mac, err))
		return false;
	return reader->found.trust == SEALING_MODIFIED
		       ? refuse_line(reader, err)
		       : sealing_accepts(sealing, "journal", &reader->found, err);
}

/* Of a journal without a key. */
static bool read_plain(
	struct chain_reader *reader, const char *line, size_t length, struct error *err)
{
	char checksum[CRYPT_CHECKSUM_SIZE];
	bool is_whole = length >= PREFIX && line[PREFIX - 1] == ' ';

	if (is_whole)
		crypt_checksum(line + PREFIX, length - PREFIX, checksum);
	if (!is_whole || memcmp(line, checksum, PREFIX - 1) != 0)
		return error_set(err, "damaged at byte %zu", reader->at);
	reader->text = line + PREFIX;
	reader->text_length = length - PREFIX;
	return true;
}

static bool read_signed(
	struct chain_reader *reader, const char *line, size_t length, struct error *err)
{
	if (length <= HEX_MAC || line[HEX_MAC] != ' ')
		return refuse_line(reader, err);
	reader->text = line + HEX_MAC + 1;
	reader->text_length = length - HEX_MAC - 1;
	if (reader->found.trust == SEALING_UNVERIFIED || reader->found.trust == SEALING_FOREIGN)
		return true;
	link_line(&reader->chain, "line", reader->text, reader->text_length);
	return is_mac(&reader->chain, line) || refuse_line(reader, err);
}

static bool read_sealed(
	struct chain_reader *reader, const char *line, size_t length, struct error *err)
{
	struct str sealed CLEANUP(str_release) = {0};
	struct crypt_box box;

	if (!crypt_open_base64(line, length, &sealed) || sealed.length < LINE_FROM)
		return refuse_line(reader, err);
	size_t inner = sealed.length - LINE_FROM;
	str_clear(&reader->opened);
	str_repeat(&reader->opened, ' ', inner);
	init_box(&box, &reader->chain);
	memcpy(box.nonce, sealed.bytes, sizeof(box.nonce));
	bool is_sound = crypt_open(&box, sealed.bytes + sizeof(box.nonce),
		sealed.length - sizeof(box.nonce), reader->opened.bytes);
	secret_wipe(&box, sizeof(box));
	if (!is_sound)
		return refuse_line(reader, err);
	link_line(&reader->chain, "line", line, length);
	reader->text = str_text(&reader->opened);
	reader->text_length = inner;
	return true;
}

bool chain_next(struct chain_reader *reader, struct error *err)
{
	const char *line;
	size_t length;

	reader->text = NULL;
	if (!find_line(reader, &line, &length))
		return true;
	reader->line++;
	reader->start = reader->at;
	bool is_good = reader->found.form == SEALING_SEALED ? read_sealed(reader, line, length, err)
		       : reader->found.form == SEALING_SIGNED
			       ? read_signed(reader, line, length, err)
			       : read_plain(reader, line, length, err);
	if (is_good)
		reader->at += length + 1;
	return is_good;
}

void chain_close(struct chain_reader *reader)
{
	chain_release(&reader->chain);
	str_release(&reader->opened);
}
