# make bench measures and reports. What it measures is nobody's business here.

# shellcheck disable=SC2154
bats_require_minimum_version 1.5.0
load helper

@test "a row is measured and reported" {
	cd "$BATS_TEST_TMPDIR"
	run -0 python3 -B "$top/tests/bench/bench.py" "$build" results.md results.svg 1 plan
	grep -qE '^\| second plan of 10,000 stores \| requests \| 100 \| 100, 100 \| 100 \| met \|$' results.md
	grep -qE '^- commit ' results.md
	grep -qE '^- load average at the start: ' results.md
	[ ! -e results.svg ]
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
		picture = plot.draw(compare.medians(figures))
		texts = [text.firstChild.data for text
		         in xml.dom.minidom.parseString(picture).getElementsByTagName('text')]
		assert 'wrangler' in texts and '1,200 s' in texts and '200 MB' in texts, texts
	EOF
}
