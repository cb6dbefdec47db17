/* The commands: each in the file of its name (`state rm` in state.c, destroy and refresh in
 * apply.c, version and schema in help.c). */
#ifndef CFPROV_COMMANDS_H
#define CFPROV_COMMANDS_H

struct cli;

/* Gives the program's exit status. */
typedef int command_run(const struct cli *cli);

command_run validate_run, plan_run, apply_run, destroy_run, refresh_run, show_run, import_run,
	export_run, import_env_run, output_run, doctor_run, state_list_run, state_show_run,
	state_rm_run, state_mv_run, state_pull_run, state_push_run, schema_run, version_run,
	help_run;

#endif
