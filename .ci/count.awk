# Reads `go test -json` and prints one line per package, the output of what failed, and last the number of tests.

function field(name,    at) {
	if (!match($0, "\"" name "\":\"([^\"\\\\]|\\\\.)*\"")) return ""
	at = RSTART + length(name) + 4
	return substr($0, at, RSTART + RLENGTH - at - 1)
}

function plain(text) {
	gsub(/\\n/, "\n", text)
	gsub(/\\t/, "\t", text)
	gsub(/\\"/, "\"", text)
	gsub(/\\u003c/, "<", text)
	gsub(/\\u003e/, ">", text)
	gsub(/\\u0026/, "\\&", text)
	gsub(/\\\\/, "\\", text)
	return text
}

!/^{"/ { print; next } # of make or of the go command itself

{
	action = field("Action"); test = field("Test"); key = field("Package") " " test
}

action == "output" { output[key] = output[key] field("Output") }
action == "build-output" { printf "%s", plain(field("Output")) }
action == "fail" && output[key] != "" { printf "%s", plain(output[key]) }
action ~ /^(pass|fail|skip)$/ {
	delete output[key]
	if (test != "") count[action]++
	else if (action == "pass") print "ok", field("Package")
}

END { printf "tests: %d passed, %d failed, %d skipped\n", count["pass"], count["fail"], count["skip"] }
