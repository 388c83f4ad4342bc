"""arka-tui keeps, tests and uses the API keys of AI providers, in a terminal, over SSH.

The map, from the outside in; imports point downwards only (held by import-linter, see pyproject.toml):

    __main__      builds the parts and joins them
    demo          a throw-away vault against the simulator
    tui           the screens; the only package that knows Textual
    cli           the command line
    simulator     a loopback server that answers as the providers document it
    telling       what both front ends say, in words and as records
    controller    what the program can do, one method a deed
    store         the vault: one encrypted TOML file, and the sealed journal of past checks
    providers     the catalog of providers, the dialects they speak, and the one module that speaks HTTP
    insight       what is known of a key over time, warnings, prices, picks
    plaintext     keys that lie in files: where to look, how to read, what to put in their place
    credential    a named key with what may be shown of it
    check         the words of a test: verdict, stages, what was learnt
    config        the user's settings
    secret, errors, paths, text, hygiene
"""
