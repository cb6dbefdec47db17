# make bench measures and reports. What it measures is nobody's business here.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

# bench ARGUMENT...: the benchmark with the programs of $build, and a folder bench of its own.
bench()
{
	mkdir -p programs
	ln -sf "$build/cfprov" "$build/cfsim" "$build/tests" programs
	python3 -B "$top/tests/bench/bench.py" programs "$@"
}

@test "a row is measured and reported, which leaves the kept report alone" {
	cd "$BATS_TEST_TMPDIR"
	cp "$top/tests/bench/RESULTS.md" kept.md
	run -0 bench 1 plan
	cmp kept.md "$top/tests/bench/RESULTS.md"
	local results=programs/bench/RESULTS.md
	grep -qE '^\| second plan of 10,000 stores \| requests \| 100 \| 100 to 100 \| 100 \| met \|$' "$results"
	grep -qE '^- commit ' "$results"
	grep -qE '^- load average at the start: ' "$results"
	[ ! -e programs/bench/results.svg ]
}

@test "a row that does not exist, or no round, is refused" {
	cd "$BATS_TEST_TMPDIR"
	run -2 bench 1 plan plam
	[[ $output == *'no row plam; the rows are apply10, '* ]]
	run -2 bench 0 plan
	[[ $output == *'at least 1 round is needed' ]]
	[ ! -e programs/bench ]
}

@test "the comparison shows every tool, and which limits are missed" {
	cd "$BATS_TEST_TMPDIR"
	PYTHONPATH=$top/tests/bench python3 -B - "$build" <<-'EOF'
		import xml.dom.minidom
		import compare
		import plot

		figures = {}
		for tool, wall, memory in ('cfprov', 1, 10), ('official Go SDK', 3, 200), ('wrangler', 1200, 40):
		    for what, value in (('wall', wall), ('CPU', wall), ('memory', memory),
		                        ('wall / cfprov', wall), ('memory / cfprov', memory / 10)):
		        figures[f'{what}, {tool}'] = (None, '', [value])
		lines = compare.table(figures, str, str)
		row = {line.split('|')[1].split()[0]: line for line in lines if line.startswith('|')}
		assert '**3 ×**' in row['official'] and '200 MB' in row['official'], row
		assert '1200 ×' in row['wrangler'] and '**4.0 ×**' in row['wrangler'], row
		assert '×' not in row['cfprov'], row
		tools = compare.medians(figures)
		picture = plot.draw(tools, compare.captions(tools))
		texts = [text.firstChild.data for text
		         in xml.dom.minidom.parseString(picture).getElementsByTagName('text')]
		assert 'wrangler' in texts and '1,200 s' in texts and '200 MB' in texts, texts
		assert texts[-1] == "wrangler's time is extrapolated from 20 stores; its memory is not.", texts
	EOF
}
