"""Attacks, a file an attacker: those of docs/security.md, “By attacker”.

test_outsider.py        without an account here, or another site in somebody's browser
test_viewer.py          a viewer or an auditor of one account
test_deleter.py         somebody who may delete
test_laws.py            the same: select-all and its kin, by page, command and service
test_stolen_token.py    somebody with the API token of a program
test_key_manager.py     somebody who may change people, groups, keys or memberships
database_admin/         somebody who may write every row and drop triggers, without the machine: a file a target
test_host_admin.py      somebody on the machine, or its administrator
test_imagekit_itself.py ImageKit, or whoever answers in its name

To add an attempt: find the attacker's file and the table that tries the same thing (ATTEMPTS, ENDS, ADDRESSES, …), and
add a line: what it is called, what is done. The test below the table makes every attempt in it, and asserts that
nothing was gained and, where that is promised, that it is said. `dba.attempt` runs SQL as somebody who may write rows,
`dba.without_triggers` and the fixture `as_dba` as somebody who may also drop triggers; `check` and `export` ask the
verifier of docs/. See that the new line fails where the defence is taken out.

To add another kind of attempt: a table and a test of its own in the same file, and its row in docs/security.md: what is
tried, what stands against it, the test. test_threat_model.py asks for the row, and for an attacker in each file's name.
"""
