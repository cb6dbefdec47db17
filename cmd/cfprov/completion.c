#include "completion.h"

#include "base/text.h"
#include "cli.h"
#include "session.h"
#include "term.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIME_LIMIT_S = 2 }; /* the manifest may be a pipe that nobody writes to */

struct completion {
	struct session *session;
	const struct command *command; /* NULL: it was not typed yet */
	const char *before, *word;     /* the last two words; the second is not complete */
	struct str prefix;             /* what precedes each candidate: "-target=" */
	struct str out;
};

/* Adds a candidate, unless what was typed begins otherwise. */
static void add(struct completion *completion, const char *text, const char *end, const char *about)
{
	struct str word CLEANUP(str_release) = {0};

	str_format(&word, "%s%s%s", str_text(&completion->prefix), text, end);
	if (strncmp(str_text(&word), completion->word, strlen(completion->word)) == 0)
		str_format(&completion->out, "%s\t%s\n", str_text(&word), about);
}

/* ---- values ---- */

/* Lends what a local state has, or NULL: nothing is requested to complete a word. Where the
 * manifest can't say where it is, it is beside it. */
static const struct model *read_state(struct session *session, bool has_manifest)
{
	if (!has_manifest)
		session_assume_state(session);
	return session_locate_state(session) && location_is_file(&session->location) &&
			       session_show_state(session, true)
		       ? &session->ledger.state.model
		       : NULL;
}

static void add_accounts(struct completion *completion)
{
	struct model declared CLEANUP(model_release) = {0};
	bool is_read = session_read_accounts(completion->session, &declared);
	const struct model *recorded = read_state(completion->session, is_read);

	for (size_t i = 0; i < declared.account_count; i++)
		add(completion, declared.accounts[i].alias, "", declared.accounts[i].id);
	for (size_t i = 0; recorded && i < recorded->account_count; i++)
		if (!model_account(&declared, recorded->accounts[i].alias))
			add(completion, recorded->accounts[i].alias, "", recorded->accounts[i].id);
}

/* Once something is typed, the alias of the only account may be left out. */
static void add_objects(
	struct completion *completion, const struct model *model, const struct model *except)
{
	bool is_alone = model->account_count == 1 &&
			completion->session->desired.account_count <= 1 &&
			completion->word[completion->prefix.length];

	for (size_t i = 0; i < model->object_count; i++) {
		const struct object *object = &model->objects[i];
		char *address AUTO_FREE = object_address(object);
		const char *about = object_kind_word(object->kind), *slash = strchr(address, '/');
		if ((completion->command->run == import_env_run && object->secret) ||
			(except && model_find(except, object)))
			continue;
		add(completion, address, "", about);
		if (is_alone)
			add(completion, slash + 1, "", about);
	}
}

/* Those in the state, and those in the manifest where the command takes them, too. */
static void add_addresses(struct completion *completion)
{
	struct session *session = completion->session;
	const struct command *command = completion->command;
	bool is_read = session_load_manifest(session);
	const struct model *recorded = read_state(session, is_read);

	assert(command); /* no option before the command takes an address */
	if (recorded && command->run != import_run)
		add_objects(completion, recorded, NULL);
	if (is_read && command->section != COMMAND_STATE && command->run != output_run)
		add_objects(completion, &session->desired, recorded);
}

/* Those of two words are completed one word after the other. */
static void add_commands(struct completion *completion)
{
	bool is_second = command_is_group(completion->before), is_group_added = false;

	for (const struct command *it = cli_commands; it->name; it++) {
		const char *space = strchr(it->name, ' ');
		if (is_second && command_is_in_group(it, completion->before))
			add(completion, space + 1, "", it->summary);
		if (!is_second && !space)
			add(completion, it->name, "", it->summary);
		if (is_second || !space || is_group_added)
			continue;
		char *group AUTO_FREE = mem_copy_text(it->name);
		group[space - it->name] = '\0';
		add(completion, group, "", command_section_title(it->section));
		is_group_added = true;
	}
}

/* The words of a text like "human json" or "bash|zsh". */
static void add_choices(struct completion *completion, const char *choices)
{
	for (size_t length; *choices; choices += length + (choices[length] != '\0')) {
		char *choice AUTO_FREE = mem_copy_text(choices);
		length = strcspn(choices, " |");
		choice[length] = '\0';
		add(completion, choice, "", "");
	}
}

/* `name` is how the help calls the value. */
static void add_values(struct completion *completion, const char *name)
{
	static const struct {
		const char *part;
		void (*add)(struct completion *completion);
	} kinds[] = {{"ADDRESS", add_addresses}, {"ALIAS", add_accounts}, {"OLD", add_accounts},
		{"NEW", add_accounts}, {"COMMAND", add_commands}};

	if (strchr(name, '|'))
		add_choices(completion, name);
	else if (strstr(name, "FILE") || strstr(name, "PATH"))
		str_text_add(&completion->out, ":file\n");
	else if (strstr(name, "DIR"))
		str_text_add(&completion->out, ":directory\n");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strstr(name, kinds[i].part))
			kinds[i].add(completion);
}

/* ---- words ---- */

/* Fills in the option that the word names, as in -target or --target=prod/keys. */
static bool find_option(
	const struct command *command, const char *word, struct option_text *ret_option)
{
	if (word[0] != '-')
		return false;
	const char *name = word + 1 + (word[1] == '-');
	size_t length = strcspn(name, "=");
	for (size_t i = 0; option_next(command, &i, ret_option);)
		if (strncmp(ret_option->name, name, length) == 0 && !ret_option->name[length])
			return true;
	return false;
}

static void add_option_values(struct completion *completion, const struct option_text *option)
{
	if (option->choices)
		add_choices(completion, option->choices);
	else
		add_values(completion, option->value);
}

static void add_options(struct completion *completion)
{
	struct option_text option;

	str_text_add(&completion->prefix, completion->word[1] == '-' ? "--" : "-");
	for (size_t i = 0; option_next(completion->command, &i, &option);)
		add(completion, option.name, option.value ? "=" : "", option.help);
}

/* The value of the argument that comes next. */
static void add_arguments(struct completion *completion)
{
	const struct cli *cli = completion->session->cli;
	const char *word = completion->command->arguments, *space;
	size_t count = cli->argument_count;

	if (!word || count >= completion->command->most_arguments)
		return;
	for (; count && (space = strchr(word, ' ')); count--)
		word = space + 1;
	char *name AUTO_FREE = mem_copy_text(word);
	name[strcspn(name, " ")] = '\0';
	add_values(completion, name);
}

static void complete(struct completion *completion, bool ends_options)
{
	const char *equals = strchr(completion->word, '=');
	bool is_option = completion->word[0] == '-' && !ends_options;
	struct option_text option;

	if (!ends_options && !strchr(completion->before, '=') &&
		find_option(completion->command, completion->before, &option) && option.value) {
		add_option_values(completion, &option);
	} else if (is_option && equals) {
		str_add(&completion->prefix, completion->word,
			(size_t)(equals + 1 - completion->word));
		if (find_option(completion->command, completion->word, &option))
			add_option_values(completion, &option);
	} else if (is_option) {
		add_options(completion);
	} else if (!completion->command) {
		add_commands(completion);
	} else {
		add_arguments(completion);
	}
}

/* Standard input and standard error are the terminal on which somebody is typing. */
static void hide_terminal(void)
{
	int nowhere = open("/dev/null", O_RDWR);

	if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		abort();
	(void)alarm(TIME_LIMIT_S);
}

void completion_print(int argc, char **argv)
{
	struct cli cli CLEANUP(cli_release);
	struct session session CLEANUP(session_release);
	struct error_list errors CLEANUP(error_list_release) = {0};
	struct completion completion = {.session = &session, .before = "", .word = ""};
	bool ends_options = false, is_help = false;

	hide_terminal();
	if (argc > 1)
		completion.word = argv[--argc];
	argv[argc] = NULL;
	if (argc > 1)
		completion.before = argv[argc - 1];
	for (int i = 1; i < argc; i++) {
		ends_options |= strcmp(argv[i], "--") == 0;
		is_help |= strcmp(argv[i], "help") == 0;
	}
	/* If something is wrong, cli_parse stays in the directory. Without a command, it is help.
	 */
	if (!cli_parse(argc, argv, &cli, &errors) && cli.chdir)
		(void)!chdir(cli.chdir);
	session_init(&session, &cli);
	completion.command = cli.command;
	if (cli.command && cli.command->run == help_run && !is_help)
		completion.command = NULL;
	complete(&completion, ends_options);
	term_out_str(&completion.out);
	str_release(&completion.prefix);
	str_release(&completion.out);
}

/* ---- the scripts ---- */

/* clang-format off */

static const char bash_script[] =
	"# bash completion for cfprov\n"
	"_cfprov()\n"
	"{\n"
	"    local word line prefix='' cur=${COMP_WORDS[COMP_CWORD]} words=()\n"
	"    # readline splits -name=value into three words\n"
	"    for word in \"${COMP_WORDS[@]:1:COMP_CWORD}\"; do\n"
	"        if [[ ${#words[@]} -gt 0 && ($word == = || ${words[-1]} == *=) ]]; then\n"
	"            words[-1]+=$word\n"
	"        else\n"
	"            words+=(\"$word\")\n"
	"        fi\n"
	"    done\n"
	"    [[ $cur != = ]] || cur=\n"
	"    [[ $cur != -*=* ]] || prefix=${cur%%=*}=\n"
	"    word=${words[-1]%\"$cur\"}\n"
	"    COMPREPLY=()\n"
	"    while IFS=$'\\t' read -r line _; do\n"
	"        if [[ $line == :* ]]; then\n"
	"            compopt -o filenames\n"
	"            mapfile -t COMPREPLY < <(compgen -A \"${line#:}\" -P \"$prefix\" -- \"${cur#\"$prefix\"}\")\n"
	"        else\n"
	"            COMPREPLY+=(\"${line#\"$word\"}\")\n"
	"        fi\n"
	"    done < <(\"${1/#\\~\\//$HOME/}\" __complete \"${words[@]}\" 2>/dev/null)\n"
	"    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace\n"
	"}\n"
	"complete -F _cfprov cfprov\n";

static const char zsh_script[] =
	"#compdef cfprov\n"
	"_cfprov()\n"
	"{\n"
	"    local line word text\n"
	"    local -a plain open\n"
	"    for line in \"${(@f)$(\"${(Q)words[1]}\" __complete \"${(@Q)words[2,CURRENT-1]}\" \"$PREFIX\" 2>/dev/null)}\"; do\n"
	"        word=${line%%$'\\t'*} text=${line#*$'\\t'}\n"
	"        [[ $PREFIX != -*=* ]] || word=${word#*=}\n"
	"        word=${word//:/\\\\:}${text:+:$text}\n"
	"        case $line in\n"
	"        :file) compset -P '*='; _files; return ;;\n"
	"        :directory) compset -P '*='; _files -/; return ;;\n"
	"        *=$'\\t'*) open+=(\"$word\") ;;\n"
	"        ?*) plain+=(\"$word\") ;;\n"
	"        esac\n"
	"    done\n"
	"    compset -P '-*='\n"
	"    _describe -t values cfprov plain -- open -S ''\n"
	"}\n"
	"if [[ $funcstack[1] == _cfprov ]]; then\n"
	"    _cfprov \"$@\"\n"
	"else\n"
	"    compdef _cfprov cfprov\n"
	"fi\n";

static const char fish_script[] =
	"# fish completion for cfprov\n"
	"function __cfprov_complete\n"
	"    set -l words (commandline -opc)\n"
	"    set -l typed (commandline -ct)\n"
	"    set -l prefix (string match -r -- '^-[^=]*=' \"$typed\")\n"
	"    set -l value (string replace -r -- '^-[^=]*=' '' \"$typed\")\n"
	"    for line in ($words[1] __complete $words[2..] \"$typed\" 2>/dev/null)\n"
	"        switch $line\n"
	"            case :file\n"
	"                string join -- \\n \"$prefix\"(__fish_complete_path \"$value\")\n"
	"            case :directory\n"
	"                string join -- \\n \"$prefix\"(__fish_complete_directories \"$value\" '')\n"
	"            case '*'\n"
	"                echo $line\n"
	"        end\n"
	"    end\n"
	"end\n"
	"complete -c cfprov -f -a '(__cfprov_complete)'\n";

/* clang-format on */

bool completion_run(struct session *session)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
	const char *shell = session->cli->arguments[0];
	struct str text CLEANUP(str_release) = {0};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		if (strcmp(scripts[i].shell, shell) == 0)
			str_text_add(&text, scripts[i].script);
	char *shown AUTO_FREE = text_visible(shell, 60);
	if (!text.length)
		return term_fail("Valid shells: bash, zsh, fish.", "unknown shell `%s`", shown);
	term_out_str(&text);
	return true;
}
