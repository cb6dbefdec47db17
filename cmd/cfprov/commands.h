/* The commands: each in the file of its name, each gives the exit status of the program. */
#ifndef CFPROV_COMMANDS_H
#define CFPROV_COMMANDS_H

struct cli;

int validate_run(const struct cli *cli);
int plan_run(const struct cli *cli);
int apply_run(const struct cli *cli);
int destroy_run(const struct cli *cli);
int refresh_run(const struct cli *cli);
int show_run(const struct cli *cli);
int state_list_run(const struct cli *cli);
int schema_run(const struct cli *cli);
int state_show_run(const struct cli *cli);
int state_rm_run(const struct cli *cli);
int state_mv_run(const struct cli *cli);
int state_pull_run(const struct cli *cli);
int state_push_run(const struct cli *cli);
int import_run(const struct cli *cli);
int import_env_run(const struct cli *cli);
int export_run(const struct cli *cli);
int output_run(const struct cli *cli);
int doctor_run(const struct cli *cli);
int version_run(const struct cli *cli);
int help_run(const struct cli *cli);

#endif
