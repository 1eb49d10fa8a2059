#!/bin/sh
# The report of what is there, then what is missing.
cd {{work}} || exit
{{program}} report {{folder}}
exec {{program}} sweep status {{folder}}
