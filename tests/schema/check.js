// What an editor would say: validates manifests by a JSON Schema, with ajv.
//
//     node check.js SCHEMA good|bad FILE...
//
// A line for each file; exit status 1 if one of them is not as said.
'use strict';

const fs = require('fs');
const Ajv = require('ajv');
const yaml = require('js-yaml');

const [schemaFile, wanted, ...files] = process.argv.slice(2);
const schema = JSON.parse(fs.readFileSync(schemaFile, 'utf8'));
const validate = new Ajv({allErrors: true, jsonPointers: true}).compile(schema);

for (const file of files) {
	const valid = validate(yaml.load(fs.readFileSync(file, 'utf8')));
	const why = (validate.errors || []).map((e) => `${e.dataPath} ${e.message}`).join('; ');

	console.log(`${file}: ${valid ? 'good' : `bad: ${why}`}`);
	if (valid !== (wanted === 'good'))
		process.exitCode = 1;
}
