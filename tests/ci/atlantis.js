// Runs a stage of a workflow in Atlantis' server configuration: its very steps, in sh as Atlantis does.
//
//     node atlantis.js REPOS WORKFLOW STAGE
//
// The environment is that of the server, with PLANFILE and SHOWFILE; the folder is the project's. What
// would be in the pull request's comment goes to stdout, the output of hidden steps to stderr. Exit
// status: that of the first step that failed. Keys that Atlantis does not know are errors.
'use strict';

const child = require('child_process');
const fs = require('fs');
const yaml = require('js-yaml');

const [file, name, stage] = process.argv.slice(2);
const config = yaml.load(fs.readFileSync(file, 'utf8'));

// only(OBJECT, KEY...): it has no other keys.
function only(object, ...keys)
{
	for (const key of Object.keys(object))
		if (!keys.includes(key))
			throw new Error(`unknown key ${key}`);
	return object;
}

only(config, 'repos', 'workflows');
for (const repo of config.repos)
	only(repo, 'id', 'workflow', 'allowed_overrides', 'allow_custom_workflows', 'plan_requirements',
		'apply_requirements');

const workflow = only(config.workflows[name], 'plan', 'policy_check', 'apply');
const env = {...process.env};

function shell(command, show)
{
	const done = child.spawnSync('sh', ['-c', command], {env, encoding: 'utf8'});

	fs.writeSync(show ? 1 : 2, done.stdout + done.stderr);
	if (done.status !== 0)
		process.exit(done.status);
}

for (const step of only(workflow[stage], 'steps').steps) {
	if (step === 'policy_check') {
		shell('conftest test -p "$POLICY" "$SHOWFILE"', true);
	} else if (step.env) {
		const {name: key, value, command} = only(step.env, 'name', 'value', 'command');

		env[key] = command ? child.execFileSync('sh', ['-c', command], {env, encoding: 'utf8'}).trim() :
			value;
	} else {
		const {run} = only(step, 'run');
		const {command, output} = typeof run === 'string' ? {command: run} :
			only(run, 'command', 'output');

		if (![undefined, 'show', 'hide', 'strip_refreshing'].includes(output))
			throw new Error(`unknown output ${output}`);
		shell(command, output !== 'hide');
	}
}
