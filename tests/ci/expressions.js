// GitHub's expressions, as far as our workflows use them: texts, numbers, contexts, == != && || !,
// parentheses, and the functions that the caller passes in.
'use strict';

const TOKEN = /\s*(?:'((?:[^']|'')*)'|(\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|(==|!=|&&|\|\||[!().,]))/y;

function tokens(text)
{
	const list = [];

	TOKEN.lastIndex = 0;
	while (/\S/.test(text.slice(TOKEN.lastIndex))) {
		const at = TOKEN.lastIndex;
		const match = TOKEN.exec(text);

		if (!match)
			throw new Error(`can't read the expression at: ${text.slice(at)}`);
		const [, string, number, name, sign] = match;

		if (string !== undefined)
			list.push({value: string.replace(/''/g, "'")});
		else if (number !== undefined)
			list.push({value: Number(number)});
		else
			list.push(name ? {name} : {sign});
	}
	return list;
}

const LITERALS = {true: true, false: false, null: null};

function number(value)
{
	if (value === null || value === undefined)
		return 0;
	return value === '' ? 0 : Number(value);
}

function equal(a, b)
{
	if (typeof a === 'string' && typeof b === 'string')
		return a.toLowerCase() === b.toLowerCase();
	return typeof a === typeof b ? a === b : number(a) === number(b);
}

// evaluate(TEXT, CONTEXTS, FUNCTIONS): an unknown context or function is an error, an unknown
// property is null, as at GitHub.
function evaluate(text, contexts, functions)
{
	const list = tokens(text);
	let at = 0;
	const is = (sign) => at < list.length && list[at].sign === sign;
	const take = (sign) => {
		if (!is(sign))
			throw new Error(`${sign} is missing in: ${text}`);
		at++;
	};
	const own = (object, key) => object !== null && typeof object === 'object' &&
		Object.prototype.hasOwnProperty.call(object, key) ? object[key] : null;

	function call(name)
	{
		take('(');
		take(')');
		if (!functions[name])
			throw new Error(`unknown function ${name}() in: ${text}`);
		return functions[name]();
	}

	function primary()
	{
		if (is('(')) {
			at++;
			const value = either();

			take(')');
			return value;
		}
		if (is('!')) {
			at++;
			return !primary();
		}
		const token = list[at++];

		if (!token || token.sign)
			throw new Error(`a value is missing in: ${text}`);
		if (token.name === undefined)
			return token.value;
		if (is('('))
			return call(token.name);
		if (token.name in LITERALS)
			return LITERALS[token.name];
		if (!(token.name in contexts))
			throw new Error(`unknown context ${token.name} in: ${text}`);
		let value = contexts[token.name];

		while (is('.')) {
			at++;
			value = own(value, list[at++].name);
		}
		return value;
	}

	function comparison()
	{
		const left = primary();

		if (!is('==') && !is('!='))
			return left;
		const wanted = list[at++].sign === '==';

		return equal(left, primary()) === wanted;
	}

	function both()
	{
		let value = comparison();

		while (is('&&')) {
			at++;
			const right = comparison();

			value = value ? right : value;
		}
		return value;
	}

	function either()
	{
		let value = both();

		while (is('||')) {
			at++;
			const right = both();

			value = value ? value : right;
		}
		return value;
	}

	const value = either();

	if (at !== list.length)
		throw new Error(`too much in: ${text}`);
	return value;
}

// substitute(TEXT, ...): the text with the value in place of each ${{ }}.
function substitute(text, contexts, functions)
{
	return String(text).replace(/\$\{\{([^]*?)\}\}/g, (all, inner) => {
		const value = evaluate(inner, contexts, functions);

		return value === null || value === undefined ? '' : String(value);
	});
}

module.exports = {evaluate, substitute};
