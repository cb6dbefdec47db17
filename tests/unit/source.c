/* file size: every kind of source, and every way in which each fails */
#define _GNU_SOURCE /* memmem */
#include "source/source.h"
#include "source/source_name.h"

#include "unit.h"

#include <sys/wait.h>

static const struct account plain = {.alias = "prod", .id = "acc1"};
static const struct account own = {.alias = "prod",
	.id = "acc1",
	.token = {.kind = VALUE_ENV, .name = "UNIT_TOKEN", .place = {"x.yaml", 3, 4}}};
static struct sources *sources;

static int clear(void **state)
{
	static const char *const names[] = {
		"UNIT_TOKEN", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL"};

	(void)state;
	sources_free(sources);
	sources = sources_new(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
	return 0;
}

static void expect(
	const struct account *account, const char *token, const char *email, const char *key)
{
	struct credentials credentials CLEANUP(credentials_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	if (!sources_credentials(sources, account, &credentials, &err))
		fail_msg("%s", err.message);
	const struct secret *found[] = {&credentials.token, &credentials.email, &credentials.key};
	const char *const wanted[] = {token, email, key};
	for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
		assert_int_equal(found[i]->bytes != NULL, wanted[i] != NULL);
		if (wanted[i])
			assert_string_equal(found[i]->bytes, wanted[i]);
	}
}

static void refuse(const struct account *account, const char *message)
{
	struct credentials credentials = {0};
	struct error err CLEANUP(error_release) = {0};

	assert_false(sources_credentials(sources, account, &credentials, &err));
	assert_null(credentials.token.bytes);
	expect_no_text(err.message, "HUSH");
	expect_no_text(err.hint, "HUSH");
	expect_error(&err, message);
}

static void order(void **state)
{
	(void)state;
	refuse(&plain, "no credentials for account `prod`");
	setenv("CLOUDFLARE_EMAIL", "me@example.com", true);
	refuse(&plain, "CLOUDFLARE_API_KEY is not set");
	setenv("CLOUDFLARE_API_KEY", "key", true);
	expect(&plain, NULL, "me@example.com", "key");
	setenv("CLOUDFLARE_API_TOKEN", "token", true);
	expect(&plain, "token", NULL, NULL);
	refuse(&own, "UNIT_TOKEN is not set"); /* never another token instead */
	setenv("UNIT_TOKEN", "mine", true);
	expect(&own, "mine", NULL, NULL);
	expect(&plain, "token", NULL, NULL);
	unsetenv("CLOUDFLARE_API_TOKEN");
	unsetenv("CLOUDFLARE_EMAIL");
	refuse(&plain, "CLOUDFLARE_EMAIL is not set");
}

static void bad_values(void **state)
{
	(void)state;
	setenv("CLOUDFLARE_API_TOKEN", "", true);
	refuse(&plain, "CLOUDFLARE_API_TOKEN is empty");
	setenv("CLOUDFLARE_API_TOKEN", "HUSH\nX: y", true);
	refuse(&plain, "CLOUDFLARE_API_TOKEN has a line break");
	setenv("UNIT_TOKEN", "HUSH HUSH", true);
	refuse(&own, "UNIT_TOKEN has a space at position 5");
	unsetenv("CLOUDFLARE_API_TOKEN");
	setenv("CLOUDFLARE_EMAIL", "me@example.com\r\n", true);
	setenv("CLOUDFLARE_API_KEY", "HUSH", true);
	refuse(&plain, "CLOUDFLARE_EMAIL has a line break");
	setenv("CLOUDFLARE_EMAIL", "me@example.com", true);
	setenv("CLOUDFLARE_API_KEY", "HUSH\xff", true);
	refuse(&plain, "CLOUDFLARE_API_KEY has a character that is not ASCII");
}

/* The manifest's own source is named where it stands. */
static void names_the_place(void **state)
{
	struct credentials credentials = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	assert_false(sources_credentials(sources, &own, &credentials, &err));
	assert_string_equal(err.file, "x.yaml");
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 4);
}

/* ---- values ---- */

#define COMMAND(...)                                                                               \
	{                                                                                          \
		.kind = VALUE_COMMAND, .folder = folder->path, .argv = (const char *const[])       \
		{                                                                                  \
			__VA_ARGS__, NULL                                                          \
		}                                                                                  \
	}

/* The reference means these bytes, and the same when it is read again. */
static void means_bytes(const struct value_source *source, const char *wanted, size_t length)
{
	for (int i = 0; i < 2; i++) {
		struct secret secret CLEANUP(secret_release) = {0};
		struct error err CLEANUP(error_release) = {0};
		if (!sources_read(sources, source, &secret, &err))
			fail_msg("%s (%s)", err.message, err.hint ? err.hint : "");
		assert_int_equal(secret.length, length);
		assert_memory_equal(secret.bytes, wanted, length + 1);
	}
}

static void means(const struct value_source source, const char *wanted)
{
	means_bytes(&source, wanted, strlen(wanted));
}

/* Twice the same; at the place of the reference; without HUSH, which is what was read. */
static void fails(struct value_source source, const char *message, const char *hint)
{
	source.place = (struct place){"x.yaml", 3, 4};
	for (int i = 0; i < 2; i++) {
		struct secret secret = {0};
		struct error err CLEANUP(error_release) = {0};
		assert_false(sources_read(sources, &source, &secret, &err));
		assert_null(secret.bytes);
		expect_no_text(err.message, "HUSH");
		expect_no_text(err.hint, "HUSH");
		assert_string_equal(err.file, "x.yaml");
		assert_int_equal(err.line, 3);
		assert_int_equal(err.column, 4);
		assert_int_equal(err.hint != NULL, hint != NULL);
		if (hint)
			expect_text(err.hint, hint);
		expect_error(&err, message);
	}
}

static struct value_source file(struct folder *folder, const char *name)
{
	return (struct value_source){.kind = VALUE_FILE, .name = folder_file(folder, name)};
}

static struct value_source field(struct folder *folder, const char *name, const char *pointer)
{
	struct value_source source = file(folder, name);

	source.pointer = pointer;
	return source;
}

static struct value_source key(struct folder *folder, const char *name, const char *key)
{
	return (struct value_source){
		.kind = VALUE_DOTENV, .name = folder_file(folder, name), .key = key};
}

static struct value_source variable(const char *name)
{
	return (struct value_source){.kind = VALUE_ENV, .name = name};
}

static void variables(void **state)
{
	struct value_source json = variable("UNIT_A");

	(void)state;
	fails(variable("UNIT_A"), "the environment variable UNIT_A is not set", NULL);
	setenv("UNIT_A", "", true);
	means(variable("UNIT_A"), "");
	setenv("UNIT_A", "{\"a\": \"HUSH\"}", true);
	means(variable("UNIT_A"), "{\"a\": \"HUSH\"}");
	json.pointer = "/a";
	means(json, "HUSH");
	json.pointer = "/b";
	fails(json, "environment variable UNIT_A: nothing found at /b", NULL);
}

static void files(void **state)
{
	struct folder *folder = *state;

	folder_write(folder, "empty", "");
	folder_write_bytes(folder, "bytes", "a\0\xff", 3);
	means(file(folder, "empty"), "");
	const struct value_source bytes = file(folder, "bytes");
	means_bytes(&bytes, "a\0\xff", 3);
	fails(file(folder, "absent"), "absent: No such file", NULL);
	fails(file(folder, "empty/x"), "Not a directory", NULL);
	fails(file(folder, "."), "is a directory, not a file", NULL);
	fails((struct value_source){.kind = VALUE_FILE, .name = "/dev/zero"},
		"/dev/zero is not a regular file or a pipe", NULL);
	assert_int_equal(symlink("/proc/self/mem", folder_file(folder, "mem")), 0);
	fails(file(folder, "mem"), "can't read /tmp/", NULL);
	assert_int_equal(symlink("loop", folder_file(folder, "loop")), 0);
	fails(file(folder, "loop"), "can't open", NULL);
}

/* fault B4: a byte order mark is of the file, as the newline at its end */
static void byte_order_marks(void **state)
{
	struct folder *folder = *state;

	folder_write(folder, "mark", "\xef\xbb\xbfvalue\r\n");
	folder_write(folder, "json", "\xef\xbb\xbf{\"a\": \"b\"}");
	folder_write(folder, "only", "\xef\xbb\xbf");
	folder_write(folder, "inside", "a\xef\xbb\xbf");
	struct value_source mark = file(folder, "mark");
	means(mark, "value");
	mark.keeps_last_newline = true;
	means(mark, "\xef\xbb\xbfvalue\r\n");
	means(file(folder, "only"), "");
	means(file(folder, "inside"), "a\xef\xbb\xbf");
	means(field(folder, "json", "/a"), "b");
	means((struct value_source)COMMAND("printf", "\\357\\273\\277value"), "value");
}

/* fault B2: what PowerShell's > writes */
static void foreign_encodings(void **state)
{
	struct folder *folder = *state;

	folder_write_bytes(folder, "env", "\xff\xfeK\0=\0v\0\n\0", 10);
	fails(key(folder, "env", "K"), "/env: it is UTF-16, not UTF-8", "Out-File");
	folder_write_bytes(folder, "env2", "K\0=\0v\0\n\0", 8);
	fails(key(folder, "env2", "K"), "/env2: it is UTF-16, not UTF-8", "UTF-8");
	folder_write_bytes(folder, "json", "\xff\xfe{\0}\0", 6);
	fails(field(folder, "json", "/a"), "/json: it is UTF-16, not UTF-8", "UTF-8");
}

/* The warnings so far, as "LINE: MESSAGE", have this text; "": there are none. */
static void expect_warnings(const char *wanted)
{
	struct str all CLEANUP(str_release) = {0};
	struct error_list *warnings = sources_warnings(sources);

	for (size_t i = 0; i < warnings->count; i++) {
		const struct error *warning = &warnings->items[i];
		expect_no_text(warning->message, "HUSH");
		expect_no_text(warning->hint, "HUSH");
		str_format(&all, "%s%zu: %s", i ? "; " : "", warning->line, warning->message);
	}
	error_list_release(warnings);
	expect_text(str_text(&all), wanted);
	assert_int_equal(*wanted == '\0', all.length == 0);
}

/* fault B1, fault B3: once for each source, however often it is read */
static void mistakes_are_told(void **state)
{
	struct folder *folder = *state;

	folder_write(folder, "env", "K=a#HUSH\nL=b\nM=op://HUSH/x\n");
	means(key(folder, "env", "K"), "a");
	expect_warnings("1: the value of K ends at the #");
	means(key(folder, "env", "K"), "a");
	means(key(folder, "env", "L"), "b");
	expect_warnings("");
	struct value_source reference = key(folder, "env", "M");
	reference.place = (struct place){"x.yaml", 7, 1};
	means(reference, "op://HUSH/x");
	expect_warnings("7: key M in /tmp/");
	means(reference, "op://HUSH/x");
	expect_warnings("");
	means(file(folder, "env"), "K=a#HUSH\nL=b\nM=op://HUSH/x");
	expect_warnings("");
}

/* fault B3: no token looks like that */
static void references_are_no_tokens(void **state)
{
	(void)state;
	setenv("CLOUDFLARE_API_TOKEN", "op://HUSH/HUSH/x", true);
	refuse(&plain, "CLOUDFLARE_API_TOKEN looks like a reference or a ciphertext, not a token");
	setenv("UNIT_TOKEN", "ENC[AES256_GCM,data:HUSH]", true);
	refuse(&own, "UNIT_TOKEN looks like a reference or a ciphertext");
	expect_warnings("");
}

static void large_files(void **state)
{
	struct folder *folder = *state;
	int fd = open(folder_file(folder, "large"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, SOURCE_SIZE_LIMIT + 1), 0);
	close(fd);
	fails(file(folder, "large"), "large is larger than 16777216 bytes", NULL);
}

static void commands(void **state)
{
	struct folder *folder = *state;

	folder_write(folder, "here", "content\n");
	means((struct value_source)COMMAND("cat", "here"), "content");
	means((struct value_source)COMMAND("echo", "$HOME *"), "$HOME *");
	means((struct value_source)COMMAND("true"), "");
	fails((struct value_source)COMMAND("sh", "-c", "echo HUSH; echo no >&2; exit 3"),
		"the command `sh` exited with status 3", "It printed: no");
	fails((struct value_source)COMMAND("no-such-command-here", "HUSH"),
		"can't run the command `no-such-command-here`", "PATH");
	fails((struct value_source)COMMAND("head", "-c", "17000000", "/dev/zero"),
		"the command `head` printed more than 16777216 bytes", NULL);
	struct value_source json = COMMAND("echo", "{\"a\": \"HUSH\", \"b\": [\"HUSH\"]}");
	json.pointer = "/a";
	means(json, "HUSH");
	json.pointer = "/b";
	fails(json, "command `echo`: the value at /b is an array, not text", NULL);
	setenv("UNIT_A", "whole", true);
	means((struct value_source)COMMAND("sh", "-c", "echo $UNIT_A"), "whole");
}

static const char seen[] = "printf '%s|' \"$UNIT_A\" \"$UNIT_B\" \"$UNIT_TOKEN\" \"$CLOUDFLARE_X\" "
			   "\"$CFPROV_X\" \"$AWS_X\"";

/* Commands see neither our own variables nor those with secrets, unless one asks for them. */
static void environment_of_commands(void **state)
{
	struct folder *folder = *state;
	struct model model CLEANUP(model_release) = {0};
	const struct value_source from_a = variable("UNIT_A");
	const char *const let_in[] = {"UNIT_A", "CLOUDFLARE_X", "UNIT_UNSET", NULL};
	struct value_source asks = COMMAND("sh", "-c", seen);

	setenv("UNIT_A", "a", true);
	setenv("UNIT_B", "b", true);
	setenv("UNIT_TOKEN", "t", true);
	setenv("CLOUDFLARE_X", "cf", true);
	setenv("CFPROV_X", "own", true);
	setenv("AWS_X", "aws", true);
	means((struct value_source)COMMAND("sh", "-c", seen), "a|b|t|||aws|");
	model_add_object(&model, "prod", "keys", NULL);
	model_add_object(&model, "prod", "keys", "A")->value = &from_a;
	model_add_account(&model, "prod", "id")->token = own.token;
	sources_hold(sources, &model);
	means((struct value_source)COMMAND("sh", "-c", seen, "again"), "|b||||aws|");
	means(variable("UNIT_B"), "b"); /* what was read is not seen from then on */
	means((struct value_source)COMMAND("sh", "-c", seen, "third"), "|||||aws|");
	asks.env = let_in;
	means(asks, "a|||cf||aws|"); /* another command than that without `env` */
	unsetenv("CLOUDFLARE_X");
	unsetenv("CFPROV_X");
	unsetenv("AWS_X");
	unsetenv("UNIT_A");
	unsetenv("UNIT_B");
}

/* What a command says in an error is shown without what is known to be secret. */
static void errors_of_commands(void **state)
{
	struct folder *folder = *state;
	struct value_source json = file(folder, "json");

	setenv("UNIT_A", "HUSH-variable", true);
	setenv("CLOUDFLARE_API_TOKEN", "HUSH-token", true);
	folder_write(folder, "f", "HUSH-file-1\nHUSH-file-2\n");
	folder_write(folder, "env", "K='HUSH dotenv'\n");
	folder_write(folder, "json", "{\"a\": \"HUSH\\u002djson\"}");
	json.pointer = "/a";
	means(variable("UNIT_A"), "HUSH-variable");
	means(file(folder, "f"), "HUSH-file-1\nHUSH-file-2");
	means(key(folder, "env", "K"), "HUSH dotenv");
	means(json, "HUSH-json");
	means((struct value_source)COMMAND("echo", "HUSH-printed"), "HUSH-printed");
	static const char *const said[] = {"HUSH-variable", "HUSH-token", "x HUSH-file-2",
		"K=HUSH dotenv", "HUSH-json", "HUSH-printed", "HUSH-own"};
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct str script CLEANUP(str_release) = {0};
		str_format(&script, "echo HUSH-own; echo 'said: %s.' >&2; exit 1", said[i]);
		fails((struct value_source)COMMAND("sh", "-c", str_text(&script)),
			"the command `sh` exited with status 1", "It printed: said: ");
	}
	unsetenv("UNIT_A");
}

static void dotenv_files(void **state)
{
	struct folder *folder = *state;

	folder_write(folder, ".env",
		"A=one # c\nexport STRIPE_KEY=\"two\nlines\"\nJ={\"a\":1.0}\nO='HUSH\nE=\n");
	means(key(folder, ".env", "A"), "one");
	means(key(folder, ".env", "STRIPE_KEY"), "two\nlines");
	means(key(folder, ".env", "E"), "");
	means(file(folder, ".env"), /* the file is as it was */
		"A=one # c\nexport STRIPE_KEY=\"two\nlines\"\nJ={\"a\":1.0}\nO='HUSH\nE=");
	struct value_source json = key(folder, ".env", "J");
	json.pointer = "/a";
	means(json, "1.0");
	json.key = "A";
	fails(json, "key A in /tmp/", NULL);
	fails(json, ".env: not valid JSON: ", NULL);
	fails(key(folder, ".env", "O"), ".env: unclosed quote (line 5)", NULL);
	fails(key(folder, ".env", "STRIP_KEY"), "key STRIP_KEY not found in /tmp/",
		"Did you mean `STRIPE_KEY`?");
	fails(key(folder, ".env", "HOME"), "key HOME not found in /tmp/", NULL);
	fails(key(folder, "absent", "A"), "absent: No such file", NULL);
	folder_write(folder, "base64", "HUSHhush0123456789abcde=\n"); /* no guess shows a secret */
	fails(key(folder, "base64", "HUShush0123456789abcde"), "not found in /tmp/", NULL);
}

static void generated(void **state)
{
	struct value_source source = {.kind = VALUE_GENERATE, .name = "base64url", .bytes = 32};
	struct secret one CLEANUP(secret_release) = {0}, other CLEANUP(secret_release) = {0};
	struct error err CLEANUP(error_release) = {0};

	(void)state;
	assert_true(sources_read(sources, &source, &one, &err));
	assert_true(sources_read(sources, &source, &other, &err));
	assert_int_equal(one.length, 43);
	assert_string_not_equal(one.bytes, other.bytes);
	secret_release(&one);
	source.name = "hex";
	assert_true(sources_read(sources, &source, &one, &err));
	assert_int_equal(one.length, 64);
	source.bytes = SIZE_MAX;
	fails(source, "can't generate 18446744073709551615 bytes", NULL);
	source.bytes = 1;
	source.name = "rot13";
	fails(source, "unknown encoding", NULL);
	fails((struct value_source){.kind = VALUE_NONE}, "there is no source", NULL);
}

static void standard_input(void **state)
{
	struct value_source source = {.kind = VALUE_STDIN};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "{\"a\": \"b\"}\n", 11), 11);
	close(ends[1]);
	int before = give_input(ends[0]);
	means(source, "{\"a\": \"b\"}"); /* twice, of one pipe */
	source.pointer = "/a";
	means(source, "b");
	give_input(before);
}

/* fault B18: without /dev/pts there are no terminals to test with */
static void terminal_as_input(void **state)
{
	int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	(void)state;
	if (terminal < 0)
		skip();
	int before = give_input(terminal);
	fails((struct value_source){.kind = VALUE_STDIN}, "standard input is a terminal",
		"Pipe the input");
	give_input(before);
}

static void fields(void **state)
{
	struct folder *folder = *state;

	folder_write(folder, "j", "{\"a/b\": {\"~\": [\"HUSH\", true]}, \"n\": null, \"e\": \"\"}");
	folder_write(folder, "twice", "{\"HUSH\": 1, \"HUSH\": 2}");
	folder_write(folder, "text", "HUSH\n");
	folder_write(folder, "empty", "");
	folder_write(folder, "whole", "\"b\\u0061\"\n");
	means(field(folder, "whole", ""), "ba");
	means(field(folder, "j", "/a~1b/~0/0"), "HUSH");
	means(field(folder, "j", "/a~1b/~0/1"), "true");
	means(field(folder, "j", "/e"), "");
	fails(field(folder, "j", "/a~1b/~0/2"), "/j: nothing found at /a~1b/~0/2", NULL);
	fails(field(folder, "j", ""), "/j: the whole document is an object, not text", NULL);
	fails(field(folder, "j", "/n"), "/j: the value at /n is null, not text", NULL);
	fails(field(folder, "j", "n"), "/j: `n` is not a JSON pointer", NULL);
	fails(field(folder, "twice", "/a"), "file /tmp/", NULL);
	fails(field(folder, "twice", "/a"), "/twice: not valid JSON: duplicate key", NULL);
	fails(field(folder, "text", "/a"), "/text: not valid JSON: ", NULL);
	fails(field(folder, "empty", "/a"), "/empty: not valid JSON: empty", NULL);
	fails(field(folder, "absent", "/a"), "absent: No such file", NULL);
}

/* One, with the carriage return before it; and wherever the bytes came from. */
static void last_newline(void **state)
{
	static const char *const texts[][2] = {{"a\n", "a"}, {"a\r\n", "a"}, {"a\n\n", "a\n"},
		{"a\r\n\r\n", "a\r\n"}, {"a\r", "a\r"}, {"a\n\r", "a\n\r"}, {"a ", "a "},
		{"\n", ""}, {"\r\n", ""}, {"\n\n", "\n"}, {"", ""}, {"\na", "\na"}};
	struct folder *folder = *state;
	char name[] = "a";

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++, name[0]++) {
		folder_write(folder, name, texts[i][0]);
		struct value_source source = file(folder, name);
		means(source, texts[i][1]);
		source.keeps_last_newline = true;
		means(source, texts[i][0]);
	}
	folder_write(folder, "json", "{\"a\": \"b\\n\"}");
	struct value_source source = field(folder, "json", "/a");
	means(source, "b");
	source.keeps_last_newline = true;
	means(source, "b\n");
}

/* ---- once ---- */

static void expect_runs(struct folder *folder, size_t runs)
{
	struct str count CLEANUP(str_release) = {0};

	folder_read(folder, "count", &count);
	assert_int_equal(count.length, 2 * runs);
}

static void read_once(void **state)
{
	struct folder *folder = *state;
	struct value_source whole =
		COMMAND("sh", "-c", "echo x >>count; echo '{\"a\":\"1\",\"b\":\"2\"}'");
	struct value_source copy =
		COMMAND("sh", "-c", "echo x >>count; echo '{\"a\":\"1\",\"b\":\"2\"}'");

	means(whole, "{\"a\":\"1\",\"b\":\"2\"}");
	copy.pointer = "/a";
	means(copy, "1");
	copy.pointer = "/b";
	means(copy, "2");
	copy.pointer = "/c";
	fails(copy, "nothing found at /c", NULL);
	expect_runs(folder, 1);
	struct value_source other = COMMAND("sh", "-c", "echo x >>count; echo 1", "else");
	means(other, "1");
	fails((struct value_source)COMMAND("sh", "-c", "echo x >>count; exit 3"), "status 3", NULL);
	expect_runs(folder, 3);
	other.folder = folder_file(folder, "."); /* another name, another folder */
	means(other, "1");
	expect_runs(folder, 4);
}

static void files_are_read_once(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_file(folder, "fifo");

	folder_write(folder, "f", "first");
	means(file(folder, "f"), "first");
	folder_write(folder, "f", "second");
	means(file(folder, "f"), "first");
	fails(file(folder, "late"), "No such file", NULL);
	folder_write(folder, "late", "x");
	fails(file(folder, "late"), "No such file", NULL);
	assert_int_equal(mkfifo(path, 0600), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd = open(path, O_WRONLY | O_CLOEXEC); /* waits for who reads */
		_exit(write(fd, "A=piped\n", 8) != 8);
	}
	means(file(folder, "fifo"), "A=piped");
	means(key(folder, "fifo", "A"), "piped");
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Whatever it is called; but what is not there has no other name. */
static void files_are_one_by_all_their_paths(void **state)
{
	static const char *const names[] = {"./f", "link", "folder/../f", "f", "./f"};
	struct folder *folder = *state;

	assert_int_equal(mkdir(folder_file(folder, "folder"), 0700), 0);
	assert_int_equal(symlink("f", folder_file(folder, "link")), 0);
	fails(file(folder, "./g"), "g: No such file", NULL);
	folder_write(folder, "f", "A=1");
	folder_write(folder, "g", "2");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		means(file(folder, names[i]), "A=1");
		means(key(folder, names[i], "A"), "1");
		folder_write(folder, "f", "A=changed");
	}
	means(file(folder, "g"), "2");
	unlink(folder_file(folder, "f"));
	means(file(folder, "f"), "A=1");
	fails(file(folder, "folder/./../f"), "f: No such file", NULL);
}

/* Each differs from all others in what it means. */
static void keys(void **state)
{
	static const char *const one[] = {"a", "b", NULL}, *const two[] = {"a,1:b", NULL};
	static const struct value_source all[] = {
		{.kind = VALUE_ENV, .name = "A"},
		{.kind = VALUE_FILE, .name = "A"},
		{.kind = VALUE_FILE, .name = "A", .pointer = "/a"},
		{.kind = VALUE_FILE, .name = "A", .pointer = ""},
		{.kind = VALUE_FILE, .name = "A", .keeps_last_newline = true},
		{.kind = VALUE_COMMAND, .argv = one},
		{.kind = VALUE_COMMAND, .argv = two},
		{.kind = VALUE_COMMAND, .argv = one, .folder = "a"},
		{.kind = VALUE_DOTENV, .name = "A", .key = "B"},
		{.kind = VALUE_DOTENV, .name = "A", .key = "C"},
		{.kind = VALUE_GENERATE, .name = "hex", .bytes = 1},
		{.kind = VALUE_GENERATE, .name = "hex", .bytes = 2},
		{.kind = VALUE_STDIN},
		{.kind = VALUE_NONE},
	};
	static struct str texts[ARRAY_SIZE(all)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct model model CLEANUP(model_release) = {0};
		struct str text CLEANUP(str_release) = {0};
		struct account account = {.alias = "a", .id = "b", .token = all[i]};
		struct value_source copy = model_add_account_copy(&model, &account)->token;
		copy.place = (struct place){"elsewhere", 1, 2};
		source_add_key(&texts[i], &all[i]);
		source_add_key(&text, &copy);
		assert_string_equal(str_text(&text), str_text(&texts[i]));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(str_text(&texts[j]), str_text(&texts[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		str_release(&texts[i]);
}

/* ---- the end ---- */

static bool is_in_environ(const char *text)
{
	char bytes[1 << 16];
	int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, bytes, sizeof(bytes));

	close(fd);
	assert_true(length >= 0);
	return memmem(bytes, (size_t)length, text, strlen(text)) != NULL;
}

/* UNIT_INITIAL is there since main() started this program anew: others can see that memory. */
static void environment_is_wiped(void **state)
{
	const char *initial = getenv("UNIT_INITIAL");

	(void)state;
	setenv("UNIT_A", "HUSH-A", true);
	setenv("UNIT_B", "HUSH-B", true);
	setenv("CLOUDFLARE_API_TOKEN", "HUSH-T", true);
	const char *a = getenv("UNIT_A"), *token = getenv("CLOUDFLARE_API_TOKEN");
	if (!a || !token || !initial) {
		fail_msg("they are not set");
		return;
	}
	means(variable("UNIT_A"), "HUSH-A");
	means(variable("UNIT_INITIAL"), "HUSH-INITIAL");
	expect(&plain, "HUSH-T", NULL, NULL);
	assert_string_equal(getenv("UNIT_A"), "HUSH-A");
	assert_true(is_in_environ("UNIT_INITIAL=HUSH-INITIAL"));
	sources_free(sources);
	sources = NULL;
	assert_false(is_in_environ("HUSH-INITIAL"));
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(a[i] | token[i] | initial[i] | initial[i + 6], 0);
	assert_null(getenv("UNIT_A"));
	assert_null(getenv("UNIT_INITIAL"));
	assert_null(getenv("CLOUDFLARE_API_TOKEN"));
	assert_string_equal(getenv("UNIT_B"), "HUSH-B"); /* nobody asked for it */
	sources_free(NULL);
}

static void interruption(void **state)
{
	struct folder *folder = *state;
	static const volatile sig_atomic_t interrupted = 1;
	const struct value_source source = COMMAND("sh", "-c", "echo x >>count");
	struct secret secret = {0};
	struct error err CLEANUP(error_release) = {0};

	sources_free(sources);
	sources = sources_new(&interrupted);
	assert_false(sources_read(sources, &source, &secret, &err));
	assert_int_equal(err.code, ERROR_INTERRUPTED);
	expect_runs(folder, 0);
}

static void tokens_of_every_kind(void **state)
{
	struct folder *folder = *state;
	struct account account = {.alias = "prod", .id = "acc1"};

	folder_write(folder, "token", "mine\n");
	folder_write(folder, "bad", "HUSH HUSH\n");
	folder_write(folder, ".env", "T=its # c");
	account.token = file(folder, "token");
	expect(&account, "mine", NULL, NULL);
	account.token.keeps_last_newline = true;
	refuse(&account, "/token has a line break at position 5");
	account.token = file(folder, "bad");
	refuse(&account, "file /tmp/");
	refuse(&account, "/bad has a space at position 5");
	account.token = key(folder, ".env", "T");
	expect(&account, "its", NULL, NULL);
	account.token = (struct value_source)COMMAND("echo", "token");
	expect(&account, "token", NULL, NULL);
	account.token = (struct value_source)COMMAND("true");
	refuse(&account, "command `true` is empty");
}

/* All of 10,000 secrets out of one file, of each kind. */
static void many_of_one_file(void **state)
{
	enum { MANY = 10000 };
	struct folder *folder = *state;
	struct str json CLEANUP(str_release) = {0}, dotenv CLEANUP(str_release) = {0};

	for (size_t i = 0; i < MANY; i++) {
		str_format(&json, "%c\"n%zu\":\"%zu\"", i ? ',' : '{', i, i);
		str_format(&dotenv, "n%zu=\"%zu\"\n", i, i);
	}
	str_char(&json, '}');
	folder_write(folder, "json", str_text(&json));
	folder_write(folder, "dotenv", str_text(&dotenv));
	struct value_source member = field(folder, "json", NULL);
	struct value_source entry = key(folder, "dotenv", NULL);
	for (size_t i = 0; i < MANY; i++) {
		char name[32];
		snprintf(name, sizeof(name), "/n%zu", i);
		member.pointer = name;
		entry.key = name + 1;
		means(member, name + 2);
		means(entry, name + 2);
	}
}

/* ---- */

static int setup(void **state)
{
	unsetenv("UNIT_A");
	return folder_setup(state) | clear(state);
}

static int teardown(void **state)
{
	sources_free(sources);
	sources = NULL;
	return folder_teardown(state);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int count, char **args)
{
	const struct CMUnitTest tests[] = {
		TEST(order),
		TEST(bad_values),
		TEST(names_the_place),
		TEST(variables),
		TEST(files),
		TEST(byte_order_marks),
		TEST(foreign_encodings),
		TEST(mistakes_are_told),
		TEST(references_are_no_tokens),
		TEST(large_files),
		TEST(commands),
		TEST(dotenv_files),
		TEST(generated),
		TEST(standard_input),
		TEST(terminal_as_input),
		TEST(fields),
		TEST(last_newline),
		TEST(read_once),
		TEST(files_are_read_once),
		TEST(files_are_one_by_all_their_paths),
		TEST(keys),
		TEST(environment_of_commands),
		TEST(errors_of_commands),
		TEST(environment_is_wiped),
		TEST(interruption),
		TEST(tokens_of_every_kind),
		TEST(many_of_one_file),
	};

	(void)count;
	if (!getenv("UNIT_INITIAL")) {
		setenv("UNIT_INITIAL", "HUSH-INITIAL", true);
		return execv("/proc/self/exe", args);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
