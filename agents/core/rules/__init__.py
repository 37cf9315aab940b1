"""The rule engine (两库): views of visits, kinds of rules, the compiled library, what it finds. Pure."""
