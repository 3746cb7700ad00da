module attnbench/variants/kernel/gen

go 1.26.0

require golang.org/x/arch v0.33.0
