// Runs a workflow of GitHub Actions: its very steps, with stand-ins for the few actions it uses.
//
//     node github.js CONFIG WORKFLOW
//
// CONFIG is a JSON file:
//     repository   a git repository; what is checked out is its commits
//     workflow     the folder for what this run leaves: artifacts/, summary.md, result.json
//     github       the context of that name: sha, event_name, repository, event...
//     vars, secrets
//     environments {NAME: {approved: BOOL, secrets: {...}}}; a job whose environment has not
//                  approved it waits, and so does the run: run it again with approved set
//     env          what the machine has in its environment, PATH included
//
// What the steps print goes to stdout. Exit status 1: a job failed. As at GitHub, each job has a
// workspace of its own, and a step gets no secret but those in its env. The token has the
// permissions of the job in its name, for bin/gh.
'use strict';

const child = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const yaml = require('js-yaml');
const {evaluate, substitute} = require('./expressions');

const [configFile, workflowFile] = process.argv.slice(2);
const config = JSON.parse(fs.readFileSync(configFile, 'utf8'));
const workflow = yaml.load(fs.readFileSync(workflowFile, 'utf8'));
const resultFile = path.join(config.workflow, 'result.json');
const results = fs.existsSync(resultFile) ? JSON.parse(fs.readFileSync(resultFile, 'utf8')) : {};

function print(text)
{
	fs.writeSync(1, `${text}\n`);
}

function run(command, options)
{
	const done = child.spawnSync(command[0], command.slice(1), {stdio: ['ignore', 'pipe', 'pipe'],
		encoding: 'utf8', ...options});

	if (done.error)
		throw done.error;
	fs.writeSync(1, done.stdout + done.stderr);
	return done.status === 0;
}

class Job {
	constructor(name, definition)
	{
		this.name = name;
		this.definition = definition;
		this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'github.'));
		for (const part of ['workspace', 'temp', 'home', 'files'])
			fs.mkdirSync(path.join(this.folder, part));
		this.workspace = path.join(this.folder, 'workspace');
		this.temp = path.join(this.folder, 'temp');
		this.path = config.env.PATH;
		this.steps = {};
		this.failed = false;
		this.count = 0;
		this.environment = definition.environment ? this.text(definition.environment) : null;
	}

	token()
	{
		const permissions = this.definition.permissions || workflow.permissions || {};

		return `ghs_${Object.entries(permissions).map(([k, v]) => `${k}=${v}`).join(',')}_`;
	}

	contexts(inputs)
	{
		const environment = config.environments[this.environment] || {};

		return {
			github: {...config.github, token: this.token(), workspace: this.workspace},
			vars: config.vars,
			secrets: {...config.secrets, ...environment.secrets},
			needs: results,
			steps: this.steps,
			inputs: inputs || {},
			job: {status: this.failed ? 'failure' : 'success'},
			runner: {temp: this.temp},
		};
	}

	functions()
	{
		return {success: () => !this.failed, failure: () => this.failed, always: () => true,
			cancelled: () => false};
	}

	text(value, inputs)
	{
		return substitute(value, this.contexts(inputs), this.functions());
	}

	wanted(condition, inputs)
	{
		if (condition === undefined)
			return !this.failed;
		const text = String(condition).replace(/^\$\{\{([^]*)\}\}$/, '$1');
		const value = evaluate(text, this.contexts(inputs), this.functions());

		return Boolean(value) && (!this.failed || /\b(always|failure|cancelled)\(/.test(text));
	}

	// What GITHUB_OUTPUT and its like say: NAME=VALUE.
	pairs(file)
	{
		return Object.fromEntries(fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
			.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
	}

	script(step, inputs)
	{
		const shell = step.shell || ((workflow.defaults || {}).run || {}).shell;
		const files = path.join(this.folder, 'files');
		const file = (name) => path.join(files, `${name}.${this.count}`);
		const env = {...config.env, PATH: this.path, HOME: path.join(this.folder, 'home'), CI: 'true',
			GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: this.workspace, RUNNER_TEMP: this.temp,
			GITHUB_REPOSITORY: config.github.repository, GITHUB_SHA: config.github.sha,
			GITHUB_OUTPUT: file('output'), GITHUB_PATH: file('path'), GITHUB_ENV: file('env'),
			GITHUB_STEP_SUMMARY: path.join(config.workflow, 'summary.md')};

		this.count++;
		for (const name of ['output', 'path', 'env'])
			fs.writeFileSync(env[`GITHUB_${name.toUpperCase()}`], '');
		for (const [name, value] of Object.entries(step.env || {}))
			env[name] = this.text(value, inputs);
		fs.writeFileSync(file('script'), this.text(step.run, inputs));
		const options = shell === 'bash' ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
		const good = run(['bash', ...options, file('script')], {env, cwd: this.workspace});

		if (fs.readFileSync(env.GITHUB_ENV, 'utf8'))
			throw new Error('GITHUB_ENV is used');
		for (const line of fs.readFileSync(env.GITHUB_PATH, 'utf8').split('\n').filter(Boolean))
			this.path = `${line}:${this.path}`;
		if (step.id)
			this.steps[step.id] = {outputs: this.pairs(env.GITHUB_OUTPUT)};
		return good;
	}

	checkout(options)
	{
		const target = path.join(this.workspace, options.path || '.');

		if (options['persist-credentials'] !== 'false')
			throw new Error('a checkout keeps credentials');
		fs.mkdirSync(target, {recursive: true});
		return run(['sh', '-c', 'git -C "$1" archive "$2" | tar -x -C "$3"', 'sh', config.repository,
			options.ref || config.github.sha, target], {});
	}

	upload(options, id)
	{
		const target = path.join(config.workflow, 'artifacts', options.name);

		fs.mkdirSync(target, {recursive: true});
		fs.copyFileSync(options.path, path.join(target, path.basename(options.path)));
		if (id)
			this.steps[id] = {outputs: {'artifact-url':
				`https://github.example/artifacts/${options.name}`}};
		return true;
	}

	download(options)
	{
		fs.cpSync(path.join(config.workflow, 'artifacts', options.name), options.path, {recursive: true});
		return true;
	}

	action(step, inputs)
	{
		const options = Object.fromEntries(Object.entries(step.with || {})
			.map(([key, value]) => [key, this.text(value, inputs)]));

		if (step.uses.startsWith('./'))
			return this.composite(path.join(this.workspace, step.uses), options);
		if (!/@[0-9a-f]{40}$/.test(step.uses))
			throw new Error(`${step.uses} is not pinned by its commit`);
		switch (step.uses.split('@')[0]) {
		case 'actions/checkout': return this.checkout(options);
		case 'actions/upload-artifact': return this.upload(options, step.id);
		case 'actions/download-artifact': return this.download(options);
		default: throw new Error(`there is no stand-in for ${step.uses}`);
		}
	}

	composite(folder, given)
	{
		const file = path.join(folder, 'action.yml');

		if (!fs.existsSync(file)) {
			print(`Error: there is no ${file}`);
			return false;
		}
		const action = yaml.load(fs.readFileSync(file, 'utf8'));
		const inputs = {};

		for (const [name, {default: fallback}] of Object.entries(action.inputs || {}))
			inputs[name] = name in given ? given[name] : fallback || '';
		for (const step of action.runs.steps)
			if (!this.script(step, inputs))
				return false;
		return true;
	}

	step(step)
	{
		const name = step.name || step.uses || 'run';

		if (!this.wanted(step.if)) {
			print(`- ${name}: skipped`);
			return;
		}
		const good = step.run ? this.script(step) : this.action(step);

		print(`- ${name}: ${good ? 'success' : 'failure'}`);
		if (!good && !step['continue-on-error'])
			this.failed = true;
	}

	run()
	{
		for (const step of this.definition.steps)
			this.step(step);
		const outputs = Object.fromEntries(Object.entries(this.definition.outputs || {})
			.map(([key, value]) => [key, this.text(value)]));

		return {result: this.failed ? 'failure' : 'success', environment: this.environment, outputs};
	}
}

// decide(NAME, DEFINITION): what becomes of a job.
function decide(name, definition)
{
	const needs = [].concat(definition.needs || []);

	if (needs.some((need) => results[need].result !== 'success'))
		return {result: 'skipped'};
	const job = new Job(name, definition);

	try {
		if (!job.wanted(definition.if))
			return {result: 'skipped'};
		const {environment} = job;

		if (environment && !config.environments[environment])
			throw new Error(`there is no environment ${environment}`);
		if (environment && !config.environments[environment].approved)
			return {result: 'waiting', environment};
		return job.run();
	} finally {
		fs.rmSync(job.folder, {recursive: true, force: true});
	}
}

for (const [name, definition] of Object.entries(workflow.jobs)) {
	if (results[name] && results[name].result !== 'waiting')
		continue;
	results[name] = decide(name, definition);
	print(`job ${name}: ${results[name].result}${
		results[name].environment ? ` (${results[name].environment})` : ''}`);
}
fs.writeFileSync(resultFile, JSON.stringify(results, null, 2));
process.exitCode = Object.values(results).some(({result}) => result === 'failure') ? 1 : 0;
