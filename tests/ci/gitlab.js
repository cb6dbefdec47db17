// Runs jobs of a .gitlab-ci.yml: their very scripts, in a bash like that of GitLab's runner.
//
//     node gitlab.js CONFIG PIPELINE [JOB...]
//
// CONFIG is a JSON file:
//     repository   a git repository; sha: the commit that a job has checked out
//     run          the folder of this pipeline: artifacts/, and reports/JOB.json
//     variables    predefined variables and those of the project's settings
//     protected    {ENVIRONMENT: {...}}: variables that only jobs of that environment get
//     env          what the machine has in its environment, PATH included
//
// The jobs that this pipeline has are printed ("job NAME: STATUS"): those that start by themselves
// run, manual ones only if they are named. Exit status: 0, or that of the first script that failed.
'use strict';

const child = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const yaml = require('js-yaml');

const [configFile, pipelineFile, ...started] = process.argv.slice(2);
const config = JSON.parse(fs.readFileSync(configFile, 'utf8'));
const pipeline = yaml.load(fs.readFileSync(pipelineFile, 'utf8'));

function print(text)
{
	fs.writeSync(1, `${text}\n`);
}

// expand(TEXT, VARIABLES): $NAME and ${NAME}, also in what these hold, as GitLab does.
function expand(text, variables, depth = 0)
{
	if (depth > 8)
		throw new Error(`endless variables in ${text}`);
	return String(text).replace(/\$(?:(\w+)|\{(\w+)\})/g, (all, bare, braced) => {
		const value = variables[bare || braced];

		return value === undefined ? '' : expand(value, variables, depth + 1);
	});
}

// A rule's `if`: comparisons, joined by && (our pipeline has no more).
function holds(condition, variables)
{
	const value = (word) => (word[0] === '$' ? variables[word.slice(1)] || '' : word.slice(1, -1));

	return condition.split('&&').every((part) => {
		const [, left, sign, right] = /^\s*(\$\w+)\s*(==|!=)\s*(\$\w+|"[^"]*")\s*$/.exec(part);

		return (value(left) === value(right)) === (sign === '==');
	});
}

function rule(rules, variables)
{
	return (rules || []).find((one) => !one.if || holds(one.if, variables));
}

// resolve(NAME): the job with what it extends, and itself, keys of maps taken one by one.
function resolve(name)
{
	const own = pipeline[name];
	const base = own.extends ? resolve(own.extends) : {};

	return {...base, ...own, variables: {...base.variables, ...own.variables}};
}

class Workspace {
	constructor()
	{
		this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gitlab.'));
		this.clone();
	}

	// As the runner has it: the commit, detached, with a remote that git can fetch from.
	clone()
	{
		const git = (...words) => child.execFileSync('git', words, {cwd: this.folder, stdio: 'pipe'});

		git('init', '-q');
		git('remote', 'add', 'origin', `file://${config.repository}`);
		git('fetch', '-q', '--depth=1', 'origin', config.sha);
		git('checkout', '-q', '--detach', 'FETCH_HEAD');
	}

	restore(artifacts)
	{
		if (fs.existsSync(artifacts))
			fs.cpSync(artifacts, this.folder, {recursive: true});
	}

	// What is not there is a warning of the runner.
	keep(name, artifacts)
	{
		const copy = (file, target) => {
			if (fs.existsSync(path.join(this.folder, file)))
				fs.cpSync(path.join(this.folder, file), path.join(config.run, target));
			else
				print(`WARNING: ${file}: no matching files`);
		};

		for (const file of (artifacts.paths || []))
			copy(file, `artifacts/${file}`);
		if (artifacts.reports)
			copy(artifacts.reports.terraform, `reports/${name}.json`);
	}
}

function run(name, job)
{
	const workspace = new Workspace();
	const environment = config.protected[job.environment] || {};
	const given = {...config.variables, ...environment};
	// Variables of the settings win over those of the file.
	const all = {...pipeline.variables, ...job.variables, ...given};
	const env = {...config.env, CI: 'true', HOME: workspace.folder};

	for (const key of Object.keys(all))
		env[key] = key in given ? given[key] : expand(all[key], all);
	workspace.restore(path.join(config.run, 'artifacts'));
	const script = [...(job.before_script || []), ...job.script].join('\n');
	const done = child.spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
		{cwd: workspace.folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});

	fs.writeSync(1, done.stdout + done.stderr);
	const artifacts = job.artifacts || {};

	if (done.status === 0 || artifacts.when === 'always')
		workspace.keep(name, artifacts);
	fs.rmSync(workspace.folder, {recursive: true, force: true});
	return done.status;
}

const KEYWORDS = ['variables', 'workflow', 'stages', 'default', 'include'];
const stages = pipeline.stages || ['build', 'test', 'deploy'];

if (!rule(pipeline.workflow.rules, config.variables)) {
	print('no pipeline');
	process.exit(0);
}
const jobs = Object.keys(pipeline).filter((name) => name[0] !== '.' && !KEYWORDS.includes(name))
	.map((name) => ({name, job: resolve(name)}))
	.sort((a, b) => stages.indexOf(a.job.stage) - stages.indexOf(b.job.stage));

for (const {name, job} of jobs) {
	const matching = rule(job.rules, config.variables);

	if (!matching)
		continue;
	if (started.length > 0 ? !started.includes(name) : matching.when === 'manual') {
		print(`job ${name}: ${started.length > 0 ? 'done' : 'manual'}`);
		continue;
	}
	const status = run(name, job);

	print(`job ${name}: ${status === 0 ? 'success' : `failed (${status})`}`);
	if (status !== 0)
		process.exit(status);
}
