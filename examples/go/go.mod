module vyplata-example

go 1.19
