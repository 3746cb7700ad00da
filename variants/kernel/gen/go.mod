module attnbench/variants/kernel/gen

go 1.26.0
